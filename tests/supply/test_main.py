"""The papers about the parts are up to date, and tell nothing of the machine."""

from __future__ import annotations

import json
from typing import Any

from tests.supply.__main__ import licences, sbom
from tests.supply.parts import ROOT, Package, Vendored, packages, vendored

# Any: a CycloneDX document.
ENVIRONMENT: dict[str, Any] = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:1",
    "metadata": {"timestamp": "2026", "component": {"name": "x", "properties": [{"value": "/home/ada"}]}},
    "components": [
        {
            "type": "library",
            "bom-ref": "H11==0.16.0",
            "name": "H11",
            "version": "0.16.0",
            "externalReferences": [{"type": "distribution", "url": "file:///opt/wheels/h11.whl"}],
            "properties": [{"name": "path", "value": "/home/ada/.venv"}],
        },
        {"type": "library", "bom-ref": "pytest==9", "name": "pytest", "version": "9"},
    ],
    "dependencies": [{"ref": "H11==0.16.0", "dependsOn": ["pytest==9"]}, {"ref": "pytest==9"}],
}
H11 = Package("h11", "0.16.0", "MIT", "")
UPLOT = Vendored("web/vendor/uplot/uPlot.esm.js", "uPlot", "1.6.32", "MIT", "ab" * 32)


def test_the_page_of_licences_is_up_to_date() -> None:
    made = "\n".join(licences(packages(), vendored())) + "\n"

    assert (ROOT / "docs" / "licences.md").read_text(encoding="utf-8") == made, "make licences"


def test_the_bill_of_materials_holds_what_runs_and_the_vendored_files() -> None:
    made = sbom(ENVIRONMENT, [H11], [UPLOT])

    assert [each["name"] for each in made["components"]] == ["H11", UPLOT.path]
    assert made["components"][1]["hashes"] == [{"alg": "SHA-256", "content": UPLOT.sha256}]
    assert made["dependencies"] == [
        {"ref": "rig-gateway", "dependsOn": ["H11==0.16.0", UPLOT.path]},
        {"ref": "H11==0.16.0", "dependsOn": []},
    ]


def test_the_bill_of_materials_tells_nothing_of_the_machine_it_was_made_on() -> None:
    text = json.dumps(sbom(ENVIRONMENT, [H11], [UPLOT]))

    assert not any(told in text for told in ("/home", "file:", "serialNumber", "timestamp"))
