"""Write the extension as a file that VS Code installs: `python editors/vscode/pack.py dist`.  Nothing is downloaded."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

HERE = Path(__file__).resolve().parent
FILES = ("package.json", "extension.js", "client.js", "README.md", "syntaxes/formula.injection.json")
_TYPES = {"json": "application/json", "js": "application/javascript", "md": "text/markdown",
          "vsixmanifest": "text/xml"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file, so that equal extensions are equal bytes


def content_types() -> str:
    """What kind of file each ending is."""
    rows = "".join(f'<Default Extension=".{ending}" ContentType="{kind}"/>' for ending, kind in _TYPES.items())
    return ('<?xml version="1.0" encoding="utf-8"?>'
            f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{rows}</Types>')


def manifest(told: dict[str, object]) -> str:
    """What the installer wants to know, of what `package.json` tells."""
    engines = told["engines"]
    assert isinstance(engines, dict)
    texts = {name: escape(str(told[name])) for name in ("displayName", "description")}
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">'
        f'<Metadata><Identity Language="en-US" Id={quoteattr(str(told["name"]))} '
        f'Version={quoteattr(str(told["version"]))} Publisher={quoteattr(str(told["publisher"]))}/>'
        f'<DisplayName>{texts["displayName"]}</DisplayName>'
        f'<Description xml:space="preserve">{texts["description"]}</Description>'
        '<Properties><Property Id="Microsoft.VisualStudio.Code.Engine" '
        f'Value={quoteattr(str(engines["vscode"]))}/></Properties></Metadata>'
        '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Dependencies/><Assets>'
        '<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>'
        '<Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>'
        '</Assets></PackageManifest>')


def pack(folder: Path) -> Path:
    """The extension's file, written to a folder."""
    told = json.loads((HERE / "package.json").read_text("utf-8"))
    path = folder / f"{told['name']}-{told['version']}.vsix"
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"extension.vsixmanifest": manifest(told), "[Content_Types].xml": content_types()}
    parts |= {f"extension/{name}": (HERE / name).read_text("utf-8") for name in FILES}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text.encode(), zipfile.ZIP_DEFLATED)
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{pack(Path(sys.argv[1] if len(sys.argv) > 1 else 'dist'))}\n")
