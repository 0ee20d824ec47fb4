//! The parts of a presentation that say nothing of their own: theme, master, layout, notes.

use super::{super::xml::escape, slide};

pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
pub(super) const NAMESPACES: &str = "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
     xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
     xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"";
pub(super) const APPLICATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
     <Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\">\
     <Application>Bridgewalk</Application></Properties>";

/// The root of a tree of shapes.
pub(super) const TREE: &str = "<p:nvGrpSpPr><p:cNvPr id=\"1\" name=\"\"/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm>\
     <a:off x=\"0\" y=\"0\"/><a:ext cx=\"0\" cy=\"0\"/><a:chOff x=\"0\" y=\"0\"/><a:chExt cx=\"0\" cy=\"0\"/></a:xfrm></p:grpSpPr>";
const COLORS: &str = "<p:clrMap bg1=\"lt1\" tx1=\"dk1\" bg2=\"lt2\" tx2=\"dk2\" accent1=\"accent1\" accent2=\"accent2\" \
     accent3=\"accent3\" accent4=\"accent4\" accent5=\"accent5\" accent6=\"accent6\" hlink=\"hlink\" folHlink=\"folHlink\"/>";

pub(super) fn core_properties(title: &str) -> String {
    format!(
        "{DECLARATION}<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>{}</dc:title><dc:creator>Bridgewalk</dc:creator></cp:coreProperties>",
        escape(title)
    )
}

pub(super) fn theme() -> String {
    let mut colors = String::new();
    for (name, rgb) in [
        ("dk1", "000000"),
        ("lt1", "FFFFFF"),
        ("dk2", "1B222C"),
        ("lt2", "F6F7F9"),
        ("accent1", "0072B2"),
        ("accent2", "009E73"),
        ("accent3", "D55E00"),
        ("accent4", "CC79A7"),
        ("accent5", "E69F00"),
        ("accent6", "56B4E9"),
        ("hlink", "0072B2"),
        ("folHlink", "5B519B"),
    ] {
        colors.push_str(&format!("<a:{name}><a:srgbClr val=\"{rgb}\"/></a:{name}>"));
    }
    let font = "<a:latin typeface=\"Arial\"/><a:ea typeface=\"\"/><a:cs typeface=\"\"/>";
    let fill = "<a:solidFill><a:schemeClr val=\"phClr\"/></a:solidFill>";
    let line = format!("<a:ln w=\"9525\">{fill}</a:ln>");
    let effect = "<a:effectStyle><a:effectLst/></a:effectStyle>";
    format!(
        "{DECLARATION}<a:theme xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" name=\"Bridgewalk\"><a:themeElements>\
         <a:clrScheme name=\"Bridgewalk\">{colors}</a:clrScheme>\
         <a:fontScheme name=\"Bridgewalk\"><a:majorFont>{font}</a:majorFont><a:minorFont>{font}</a:minorFont></a:fontScheme>\
         <a:fmtScheme name=\"Bridgewalk\"><a:fillStyleLst>{fill}{fill}{fill}</a:fillStyleLst><a:lnStyleLst>{line}{line}{line}</a:lnStyleLst>\
         <a:effectStyleLst>{effect}{effect}{effect}</a:effectStyleLst><a:bgFillStyleLst>{fill}{fill}{fill}</a:bgFillStyleLst></a:fmtScheme>\
         </a:themeElements></a:theme>"
    )
}

fn white() -> &'static str {
    "<p:bg><p:bgPr><a:solidFill><a:schemeClr val=\"bg1\"/></a:solidFill><a:effectLst/></p:bgPr></p:bg>"
}

/// Where a slide's title is.
pub(super) fn title_frame() -> String {
    let (x, y, width, height) = slide::TITLE;
    format!("<a:xfrm><a:off x=\"{x}\" y=\"{y}\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm>")
}

fn title_placeholder() -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr id=\"2\" name=\"Title\"/><p:cNvSpPr><a:spLocks noGrp=\"1\"/></p:cNvSpPr><p:nvPr><p:ph type=\"title\"/></p:nvPr></p:nvSpPr>\
         <p:spPr>{}<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></p:spPr>\
         <p:txBody><a:bodyPr lIns=\"0\" tIns=\"0\" rIns=\"0\" bIns=\"0\" anchor=\"ctr\"><a:normAutofit/></a:bodyPr><a:lstStyle/><a:p><a:endParaRPr/></a:p></p:txBody></p:sp>",
        title_frame()
    )
}

pub(super) fn slide_master() -> String {
    let title = "<a:lvl1pPr algn=\"l\"><a:defRPr sz=\"2000\" b=\"1\"><a:solidFill><a:schemeClr val=\"tx1\"/></a:solidFill><a:latin typeface=\"+mj-lt\"/></a:defRPr></a:lvl1pPr>";
    let body = "<a:lvl1pPr><a:defRPr sz=\"1200\"><a:solidFill><a:schemeClr val=\"tx1\"/></a:solidFill><a:latin typeface=\"+mn-lt\"/></a:defRPr></a:lvl1pPr>";
    format!(
        "{DECLARATION}<p:sldMaster {NAMESPACES}><p:cSld>{}<p:spTree>{TREE}{}</p:spTree></p:cSld>{COLORS}\
         <p:sldLayoutIdLst><p:sldLayoutId id=\"2147483649\" r:id=\"rId1\"/></p:sldLayoutIdLst>\
         <p:txStyles><p:titleStyle>{title}</p:titleStyle><p:bodyStyle>{body}</p:bodyStyle><p:otherStyle>{body}</p:otherStyle></p:txStyles></p:sldMaster>",
        white(),
        title_placeholder()
    )
}

pub(super) fn slide_layout() -> String {
    format!(
        "{DECLARATION}<p:sldLayout {NAMESPACES} type=\"titleOnly\" preserve=\"1\"><p:cSld name=\"Title Only\"><p:spTree>{TREE}{}</p:spTree></p:cSld>\
         <p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>",
        title_placeholder()
    )
}

const NOTES_IMAGE: &str = "<p:sp><p:nvSpPr><p:cNvPr id=\"2\" name=\"Slide\"/><p:cNvSpPr><a:spLocks noGrp=\"1\" noRot=\"1\" noChangeAspect=\"1\"/></p:cNvSpPr>\
     <p:nvPr><p:ph type=\"sldImg\"/></p:nvPr></p:nvSpPr><p:spPr><a:xfrm><a:off x=\"685800\" y=\"1143000\"/><a:ext cx=\"5486400\" cy=\"3086100\"/></a:xfrm>\
     <a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></p:spPr></p:sp>";

fn notes_body(paragraphs: &str) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr id=\"3\" name=\"Notes\"/><p:cNvSpPr><a:spLocks noGrp=\"1\"/></p:cNvSpPr><p:nvPr><p:ph type=\"body\" idx=\"1\"/></p:nvPr></p:nvSpPr>\
         <p:spPr><a:xfrm><a:off x=\"685800\" y=\"4400550\"/><a:ext cx=\"5486400\" cy=\"3600450\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></p:spPr>\
         <p:txBody><a:bodyPr/><a:lstStyle/>{paragraphs}</p:txBody></p:sp>"
    )
}

pub(super) fn notes_master() -> String {
    format!(
        "{DECLARATION}<p:notesMaster {NAMESPACES}><p:cSld>{}<p:spTree>{TREE}{NOTES_IMAGE}{}</p:spTree></p:cSld>{COLORS}</p:notesMaster>",
        white(),
        notes_body("<a:p><a:endParaRPr/></a:p>")
    )
}

/// What the speaker says.
pub(super) fn notes(text: &str, language: &str) -> String {
    let mut paragraphs = String::new();
    for line in text.lines() {
        paragraphs.push_str(&format!(
            "<a:p><a:r><a:rPr lang=\"{}\"/><a:t>{}</a:t></a:r></a:p>",
            escape(language),
            escape(line)
        ));
    }
    if paragraphs.is_empty() {
        paragraphs.push_str("<a:p><a:endParaRPr/></a:p>");
    }
    format!(
        "{DECLARATION}<p:notes {NAMESPACES}><p:cSld><p:spTree>{TREE}{NOTES_IMAGE}{}</p:spTree></p:cSld>\
         <p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:notes>",
        notes_body(&paragraphs)
    )
}
