//! The .nzb that names the articles of the picture.

use crate::library::{BINARIES, DATE, FROM, Library};

/// The text of the file.
pub(crate) fn of(library: &Library) -> String {
    let picture = library.picture();
    let subject = picture.first().and_then(|article| article.field("Subject"));
    let subject = escape(&subject.unwrap_or_default());
    let segments: String = picture
        .iter()
        .zip(1..)
        .map(|(article, number)| {
            let id = article.id.trim_start_matches('<').trim_end_matches('>');
            format!(
                "      <segment bytes=\"{}\" number=\"{number}\">{}</segment>\n",
                article.size(),
                escape(id)
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE nzb PUBLIC \"-//newzBin//DTD NZB 1.1//EN\" \
         \"http://www.newzbin.com/DTD/nzb/nzb-1.1.dtd\">\n\
         <nzb xmlns=\"http://www.newzbin.com/DTD/2003/nzb\">\n  \
         <head>\n    <meta type=\"title\">Newsmux sample</meta>\n  </head>\n  \
         <file poster=\"{}\" date=\"{}\" subject=\"{subject}\">\n    \
         <groups>\n      <group>{BINARIES}</group>\n    </groups>\n    \
         <segments>\n{segments}    </segments>\n  </file>\n</nzb>\n",
        escape(FROM),
        DATE.seconds,
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
