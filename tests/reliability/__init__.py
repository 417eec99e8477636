"""`make reliability`: the fault matrix, and what each of its rows measured. docs/reliability.md is made from it."""
