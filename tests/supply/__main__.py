"""`make licences` and `make sbom`: what the product is made of, for people and for machines.

python -m tests.supply licences > docs/licences.md
cyclonedx-py environment ... | python -m tests.supply sbom > .cache/sbom.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from app import __version__
from tests.supply.parts import Package, Vendored, packages, vendored

_PRODUCT: Final = "rig-gateway"


def licences(of_packages: list[Package], of_files: list[Vendored]) -> Iterator[str]:
    """The lines of docs/licences.md."""
    yield "# Licences"
    yield ""
    yield "What the product is made of beside its own code, which is MIT. Made by `make licences`, not by hand."
    yield ""
    yield "## Packages that run in it"
    yield ""
    yield "As pinned in `requirements.lock`, with the licence that each tells. Tools of development are not among them."
    yield ""
    yield "| package | version | licence | only where |"
    yield "| --- | --- | --- | --- |"
    for each in of_packages:
        yield f"| {each.name} | {each.version} | {each.licence} | {f'`{each.only}`' if each.only else ''} |"
    yield ""
    yield "## Files of others in this repository"
    yield ""
    yield "Unmodified; each folder's README says where they come from."
    yield ""
    yield "| file | of | licence | SHA-256 |"
    yield "| --- | --- | --- | --- |"
    for file in of_files:
        yield f"| `{file.path}` | {file.work} {file.version} | {file.licence} | `{file.sha256}` |"


# Any: a CycloneDX document.
def sbom(of_environment: dict[str, Any], of_packages: list[Package], of_files: list[Vendored]) -> dict[str, Any]:
    """The bill of materials: of all that is installed, what runs in the product; with the vendored files."""
    wanted = {each.name for each in of_packages}
    components = [_plain(each) for each in of_environment["components"] if _name(each) in wanted]
    files = [
        {
            "type": "file",
            "bom-ref": file.path,
            "name": file.path,
            "version": file.version,
            "description": f"of {file.work}, vendored unmodified",
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
            "licenses": [{"license": {"id": file.licence}}],
        }
        for file in of_files
    ]
    product = {"type": "application", "bom-ref": _PRODUCT, "name": _PRODUCT, "version": __version__}
    refs = {each["bom-ref"] for each in components}
    dependencies = [
        {**each, "dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in refs]}
        for each in of_environment.get("dependencies", ())
        if each["ref"] in refs
    ]
    own = {"ref": _PRODUCT, "dependsOn": sorted(refs) + [file.path for file in of_files]}
    return {
        "$schema": of_environment["$schema"],
        "bomFormat": "CycloneDX",
        "specVersion": of_environment["specVersion"],
        "version": 1,
        "metadata": {"component": product},
        "components": [*components, *files],
        "dependencies": [own, *dependencies],
    }


# Any: a CycloneDX component.
def _plain(component: dict[str, Any]) -> dict[str, Any]:
    """Without what tells of this machine: where a package was taken from, and where it is installed."""
    kept = {key: value for key, value in component.items() if key not in ("properties", "evidence")}
    links = [each for each in kept.get("externalReferences", ()) if each.get("type") != "distribution"]
    return (
        {**kept, "externalReferences": links} if links else {k: v for k, v in kept.items() if k != "externalReferences"}
    )


def _name(component: dict[str, Any]) -> str:
    return str(component["name"]).lower().replace("_", "-").replace(".", "-")


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    match arguments:
        case ["licences"]:
            sys.stdout.write("\n".join(licences(packages(), vendored())) + "\n")
        case ["sbom"]:
            made = sbom(json.loads(sys.stdin.read()), packages(), vendored())
            sys.stdout.write(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
        case _:
            sys.stderr.write("python -m tests.supply: say licences or sbom\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
