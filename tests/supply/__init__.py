"""What the product is made of: its packages, their licences, and the files of others that it carries."""
