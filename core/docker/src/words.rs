//! What a program says on its standard error before it ends.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    task::JoinHandle,
};

/// So much of what a program writes on its standard error is kept: its end.
const MAX_WORDS_BYTES: usize = 4 << 10;
/// So much of that is shown.
const MAX_SHOWN_CHARS: usize = 300;

/// The end of what was written on a standard error.
#[derive(Clone, Debug, Default)]
pub struct LastWords(Arc<Mutex<Vec<u8>>>);

impl LastWords {
    /// Takes in more, keeping the end.
    pub fn push(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        let excess = kept.len().saturating_sub(MAX_WORDS_BYTES);
        kept.drain(..excess);
    }

    /// As one line of at most 300 characters.
    pub fn line(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept).split_whitespace().collect::<Vec<_>>().join(" ");
        let skipped = text.chars().count().saturating_sub(MAX_SHOWN_CHARS);
        text.chars().skip(skipped).filter(|character| !character.is_control()).collect()
    }

    /// Takes in all that comes, on a task of its own.
    pub fn follow(&self, mut errors: impl AsyncRead + Send + Unpin + 'static) -> JoinHandle<()> {
        let words = self.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(count) = errors.read(&mut buffer).await
                && count > 0
            {
                words.push(buffer.get(..count).unwrap_or_default());
            }
        })
    }
}
