"""Opens a presentation with python-pptx and prints what it has understood, as JSON. usage: slides.py FILE"""
import json
import sys

from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.oxml.ns import qn


def walk(shapes):
    for shape in shapes:
        yield shape
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from walk(shape.shapes)


slides = []
for slide in Presentation(sys.argv[1]).slides:
    shapes = list(walk(slide.shapes))
    by_id = {shape.shape_id: shape for shape in shapes}
    connectors = [shape for shape in shapes if shape._element.tag == qn("p:cxnSp")]
    edges = []
    for connector in connectors:
        ends = [connector._element.find(".//" + qn(tag)) for tag in ("a:stCxn", "a:endCxn")]
        edges.append([None if end is None else by_id[int(end.get("id"))].name for end in ends])
    slides.append({
        "title": slide.shapes.title.text_frame.text,
        "notes": slide.notes_slide.notes_text_frame.text,
        "texts": [shape.text_frame.text for shape in shapes if shape.has_text_frame and shape.text_frame.text],
        "boxes": sum(1 for shape in shapes if shape.name not in ("Text", "Mark", "Title")
                     and not shape.name.startswith("•")
                     and shape._element.tag == qn("p:sp")),
        "unique": len({shape.shape_id for shape in shapes}) == len(shapes),
        "connectors": len([edge for edge in edges if any(edge)]),
        "attached": len([edge for edge in edges if all(edge)]),
    })
print(json.dumps(slides))
