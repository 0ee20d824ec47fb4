//! PPTX: one slide a scene, made of shapes that can be taken apart: a box with what is written in it is a group, a line is
//! a connector glued to a box at each end. Speaker notes hold the explanation.

mod connector;
mod parts;
mod slide;

use std::fmt::Write as _;

use super::{xml::escape, zip::Zip};
use crate::scene::Scene;

/// A slide.
#[derive(Clone, Copy, Debug)]
pub struct Slide<'a> {
    /// Its picture.
    pub scene: &'a Scene,
    /// Its title.
    pub title: &'a str,
    /// What the speaker says, one paragraph a line; empty: nothing.
    pub notes: &'a str,
}

/// Why there is no presentation.
#[derive(Debug, thiserror::Error)]
pub enum PptxError {
    /// No slide, or a picture without extent.
    #[error("there is nothing to show")]
    Empty,
    /// Too large.
    #[error("the presentation cannot be written")]
    Writing(#[from] std::io::Error),
}

/// A presentation of these slides, 16:9, its texts in `language` (such as `en-GB`). The same arguments give the same bytes.
///
/// # Errors
/// If there is no slide, or a scene is empty, or the file would be larger than 4 GiB.
pub fn pptx(slides: &[Slide<'_>], language: &str) -> Result<Vec<u8>, PptxError> {
    let is_empty = |slide: &Slide<'_>| !(slide.scene.bounds.width >= 1.0 && slide.scene.bounds.height >= 1.0);
    if slides.is_empty() || slides.iter().any(is_empty) {
        return Err(PptxError::Empty);
    }
    let mut zip = Zip::default();
    zip.add("[Content_Types].xml", &content_types(slides.len()))?;
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    zip.add(
        "_rels/.rels",
        &relations(&[
            (format!("{office}/officeDocument"), "ppt/presentation.xml".into()),
            (
                "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties".into(),
                "docProps/core.xml".into(),
            ),
            (format!("{office}/extended-properties"), "docProps/app.xml".into()),
        ]),
    )?;
    zip.add("docProps/core.xml", &parts::core_properties(slides[0].title))?;
    zip.add("docProps/app.xml", parts::APPLICATION)?;
    zip.add("ppt/presentation.xml", &presentation(slides.len()))?;
    let mut targets: Vec<(String, String)> = vec![
        (format!("{office}/slideMaster"), "slideMasters/slideMaster1.xml".into()),
        (format!("{office}/notesMaster"), "notesMasters/notesMaster1.xml".into()),
        (format!("{office}/theme"), "theme/theme1.xml".into()),
    ];
    targets.extend((1..=slides.len()).map(|n| (format!("{office}/slide"), format!("slides/slide{n}.xml"))));
    zip.add("ppt/_rels/presentation.xml.rels", &relations(&targets))?;
    zip.add("ppt/theme/theme1.xml", &parts::theme())?;
    zip.add("ppt/theme/theme2.xml", &parts::theme())?;
    zip.add("ppt/slideMasters/slideMaster1.xml", &parts::slide_master())?;
    zip.add(
        "ppt/slideMasters/_rels/slideMaster1.xml.rels",
        &relations(&[
            (format!("{office}/slideLayout"), "../slideLayouts/slideLayout1.xml".into()),
            (format!("{office}/theme"), "../theme/theme1.xml".into()),
        ]),
    )?;
    zip.add("ppt/slideLayouts/slideLayout1.xml", &parts::slide_layout())?;
    zip.add(
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels",
        &relations(&[(format!("{office}/slideMaster"), "../slideMasters/slideMaster1.xml".into())]),
    )?;
    zip.add("ppt/notesMasters/notesMaster1.xml", &parts::notes_master())?;
    zip.add(
        "ppt/notesMasters/_rels/notesMaster1.xml.rels",
        &relations(&[(format!("{office}/theme"), "../theme/theme2.xml".into())]),
    )?;
    for (index, page) in slides.iter().enumerate() {
        let n = index + 1;
        zip.add(&format!("ppt/slides/slide{n}.xml"), &slide::slide(page, language))?;
        zip.add(
            &format!("ppt/slides/_rels/slide{n}.xml.rels"),
            &relations(&[
                (format!("{office}/slideLayout"), "../slideLayouts/slideLayout1.xml".into()),
                (format!("{office}/notesSlide"), format!("../notesSlides/notesSlide{n}.xml")),
            ]),
        )?;
        zip.add(&format!("ppt/notesSlides/notesSlide{n}.xml"), &parts::notes(page.notes, language))?;
        zip.add(
            &format!("ppt/notesSlides/_rels/notesSlide{n}.xml.rels"),
            &relations(&[
                (format!("{office}/notesMaster"), "../notesMasters/notesMaster1.xml".into()),
                (format!("{office}/slide"), format!("../slides/slide{n}.xml")),
            ]),
        )?;
    }
    Ok(zip.finish()?)
}

fn relations(targets: &[(String, String)]) -> String {
    let mut xml = String::from(parts::DECLARATION);
    xml.push_str("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (index, (kind, target)) in targets.iter().enumerate() {
        let _ = write!(xml, "<Relationship Id=\"rId{}\" Type=\"{kind}\" Target=\"{}\"/>", index + 1, escape(target));
    }
    xml.push_str("</Relationships>");
    xml
}

fn content_types(slides: usize) -> String {
    let mut xml = String::from(parts::DECLARATION);
    xml.push_str(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>",
    );
    let presentation = "application/vnd.openxmlformats-officedocument.presentationml";
    let mut part = |name: &str, kind: &str| {
        let _ = write!(xml, "<Override PartName=\"/{name}\" ContentType=\"{kind}\"/>");
    };
    part("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml");
    part("docProps/app.xml", "application/vnd.openxmlformats-officedocument.extended-properties+xml");
    part("ppt/presentation.xml", &format!("{presentation}.presentation.main+xml"));
    for n in 1..=2 {
        part(&format!("ppt/theme/theme{n}.xml"), "application/vnd.openxmlformats-officedocument.theme+xml");
    }
    part("ppt/slideMasters/slideMaster1.xml", &format!("{presentation}.slideMaster+xml"));
    part("ppt/slideLayouts/slideLayout1.xml", &format!("{presentation}.slideLayout+xml"));
    part("ppt/notesMasters/notesMaster1.xml", &format!("{presentation}.notesMaster+xml"));
    for n in 1..=slides {
        part(&format!("ppt/slides/slide{n}.xml"), &format!("{presentation}.slide+xml"));
        part(&format!("ppt/notesSlides/notesSlide{n}.xml"), &format!("{presentation}.notesSlide+xml"));
    }
    xml.push_str("</Types>");
    xml
}

fn presentation(slides: usize) -> String {
    let mut list = String::new();
    for n in 0..slides {
        let _ = write!(list, "<p:sldId id=\"{}\" r:id=\"rId{}\"/>", 256 + n, n + 4);
    }
    format!(
        "{}<p:presentation {} saveSubsetFonts=\"1\"><p:sldMasterIdLst><p:sldMasterId id=\"2147483648\" r:id=\"rId1\"/></p:sldMasterIdLst>\
         <p:notesMasterIdLst><p:notesMasterId r:id=\"rId2\"/></p:notesMasterIdLst><p:sldIdLst>{list}</p:sldIdLst>\
         <p:sldSz cx=\"{}\" cy=\"{}\"/><p:notesSz cx=\"6858000\" cy=\"9144000\"/></p:presentation>",
        parts::DECLARATION,
        parts::NAMESPACES,
        slide::WIDTH,
        slide::HEIGHT,
    )
}
