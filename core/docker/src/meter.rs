//! How much of a stream has come since its last item.
//!
//! Bollard reads an item of a stream until it is whole, however long that gets. So what comes over the connection below
//! it is counted, and the connection breaks when that is too much.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

use crate::{dial::Duplex, error::EngineError};

/// An event is a few hundred bytes, one with many labels some kilobytes; what is read ahead of it is less than half of
/// this.
const MAX_ITEM_BYTES: usize = 2 << 20;

/// Counts what comes between two items.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    request: OnceLock<String>,
    bytes: AtomicUsize,
    begun: Notify,
}

impl Meter {
    /// The engine agreed to this request: the stream has begun.
    pub(crate) fn begin(&self, request: &str) {
        let _ = self.request.set(request.to_owned());
        self.begun.notify_one();
    }

    /// Returns once the stream has begun.
    pub(crate) async fn has_begun(&self) {
        self.begun.notified().await;
    }

    /// An item has come.
    pub(crate) fn restart(&self) {
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// What was asked for, if the engine agreed to it.
    pub(crate) fn request(&self) -> String {
        self.request.get().cloned().unwrap_or_default()
    }

    /// Whether the connection was broken here: whoever reads it is told only that it broke.
    pub(crate) fn refusal(&self) -> Option<EngineError> {
        let is_over = self.bytes.load(Ordering::Relaxed) > MAX_ITEM_BYTES;
        is_over.then(|| EngineError::TooLong { request: self.request(), max_bytes: MAX_ITEM_BYTES })
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.refusal().map_or(Ok(()), |refusal| Err(io::Error::other(refusal)))
    }
}

/// A connection of which all that comes is counted.
pub(crate) struct Metered {
    pub(crate) io: Box<dyn Duplex>,
    pub(crate) meter: Arc<Meter>,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        Poll::Ready(self.meter.count(buffer.filled().len() - before))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
