//! A small strict reader of pages: tags that match, attributes that are quoted, ids that are unique.

#![allow(dead_code, reason = "each test uses another part")]

/// What a page holds.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Values of `id`.
    pub(crate) ids: Vec<String>,
    /// Values of `href` and `src`, with the element's name.
    pub(crate) links: Vec<(String, String)>,
    /// Text outside of elements' tags, joined by spaces.
    pub(crate) text: String,
    /// Drawings without a name.
    pub(crate) unnamed: usize,
    /// Headings, by level.
    pub(crate) headings: Vec<u8>,
    /// Names of all attributes.
    pub(crate) attributes: Vec<String>,
    /// Names of all elements.
    pub(crate) elements: Vec<String>,
}

const VOID: [&str; 5] = ["meta", "link", "input", "br", "img"];

/// Reads a page; says what is wrong with it.
pub(crate) fn read(source: &str) -> Result<Page, String> {
    let mut page = Page::default();
    let mut open: Vec<String> = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        if text.contains('>') {
            return Err(format!("a bare `>` in text: {}", cut(text)));
        }
        entities(text)?;
        page.text.push_str(&unescape(text));
        page.text.push(' ');
        rest = &rest[at..];
        if rest.starts_with("<!doctype html>") || rest.starts_with("<?xml") {
            rest = &rest[rest.find('>').ok_or("a declaration does not end")? + 1..];
            continue;
        }
        let end = tag_end(rest)?;
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop().ok_or_else(|| format!("`{name}` ends and never began"))?;
            if last != name {
                return Err(format!("`{last}` is ended by `{name}` before {}", cut(rest)));
            }
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = element(tag)?;
        note(&mut page, &name, &attributes);
        if name == "svg" {
            let hidden = attributes.iter().any(|(n, v)| n == "aria-hidden" && v == "true");
            let labelled = attributes.iter().any(|(n, _)| n == "aria-label");
            page.unnamed += usize::from(!hidden && !labelled && !rest.starts_with("<title>"));
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").ok_or("a style sheet does not end")?..];
        }
        if !closed && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    page.text.push_str(&unescape(rest));
    if open.is_empty() { Ok(page) } else { Err(format!("never ended: {open:?}")) }
}

fn note(page: &mut Page, name: &str, attributes: &[(String, String)]) {
    page.elements.push(name.to_owned());
    if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse().ok()) {
        page.headings.push(level);
    }
    for (key, value) in attributes {
        page.attributes.push(key.clone());
        match key.as_str() {
            "id" => page.ids.push(value.clone()),
            "href" | "src" => page.links.push((name.to_owned(), value.clone())),
            _ => {}
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

fn tag_end(rest: &str) -> Result<usize, String> {
    let mut quoted = false;
    for (at, letter) in rest.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '>' if !quoted => return Ok(at),
            '<' if at > 0 => return Err(format!("`<` inside a tag: {}", cut(rest))),
            _ => {}
        }
    }
    Err(format!("a tag does not end: {}", cut(rest)))
}

type Element = (String, Vec<(String, String)>);

fn element(tag: &str) -> Result<Element, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(format!("not an element: {}", cut(tag)));
    }
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok((name.to_owned(), attributes));
        }
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        if attributes.iter().any(|(known, _)| *known == key) {
            return Err(format!("`{key}` twice in {}", cut(tag)));
        }
        rest = &rest[end..];
        if let Some(value) = rest.strip_prefix("=\"") {
            let end =
                value.find('"').ok_or_else(|| format!("a value does not end: {}", cut(tag)))?;
            entities(&value[..end])?;
            attributes.push((key, unescape(&value[..end])));
            rest = &value[end + 1..];
        } else if rest.starts_with('=') {
            return Err(format!("a value is not quoted: {}", cut(tag)));
        } else {
            attributes.push((key, String::new()));
        }
    }
}

fn entities(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('&') {
        let tail = &text[at + 1..];
        let end = tail.find(';').ok_or_else(|| format!("a bare `&`: {}", cut(tail)))?;
        let name = &tail[..end];
        let known = ["amp", "lt", "gt", "quot", "apos"].contains(&name) || name.starts_with('#');
        if !known {
            return Err(format!("`&{name};` is not known"));
        }
    }
    Ok(())
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&amp;", "&")
}
