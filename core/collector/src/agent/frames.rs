//! The agent's protocol over a pair of byte streams.
//!
//! Two tasks carry frames between the pipe and the link's channels. Both directions are bounded: a frame by
//! [`FrameDecoder`], what waits by the channels. Whatever is wrong becomes one `Error` message, and the talk ends.

use bridgewalk_agent::{
    AgentLink,
    frame::{FrameDecoder, encode},
    protocol::{Message, ProtocolError, Request},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

/// Requests are few and small.
const REQUESTS: usize = 16;
/// Messages hold some hundred observations each; what is not read yet stays in the pipe.
const MESSAGES: usize = 2;
/// What is read at once.
const PIECE_BYTES: usize = 64 << 10;

/// A link over a pipe. Must be called within a tokio runtime.
pub(crate) fn link<R, W>(mut output: R, mut input: W) -> AgentLink
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (requests, mut to_send) = mpsc::channel::<Request>(REQUESTS);
    let (said, messages) = mpsc::channel(MESSAGES);
    tokio::spawn(async move {
        while let Some(request) = to_send.recv().await {
            let Ok(frame) = encode(&request) else { return };
            if input.write_all(&frame).await.is_err() || input.flush().await.is_err() {
                // The reading side says why.
                return;
            }
        }
        // The agent ends when its input does.
        let _ = input.shutdown().await;
    });
    tokio::spawn(async move {
        if let Err(error) = hand_on(&mut output, &said).await {
            let _ = said.send(Message::Error { error }).await;
        }
    });
    AgentLink { requests, messages }
}

/// Until the bytes end, or nobody listens.
async fn hand_on(output: &mut (impl AsyncRead + Unpin), said: &mpsc::Sender<Message>) -> Result<(), ProtocolError> {
    let mut decoder = FrameDecoder::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = output.read(&mut piece).await.map_err(|error| ProtocolError::Io { detail: error.to_string() })?;
        if count == 0 {
            return decoder.finish();
        }
        decoder.push(piece.get(..count).unwrap_or_default());
        while let Some(message) = decoder.next_value()? {
            if said.send(message).await.is_err() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn frame(json: &[u8]) -> Vec<u8> {
        let mut frame = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(json);
        frame
    }

    fn messages(bytes: &[u8]) -> Vec<Message> {
        run(async {
            let mut link = link(std::io::Cursor::new(bytes.to_vec()), tokio::io::sink());
            let mut messages = Vec::new();
            while let Some(message) = link.messages.recv().await {
                messages.push(message);
            }
            messages
        })
    }

    #[test]
    fn reads_frames_until_the_stream_ends() {
        let mut bytes = frame(br#"{"message":"progress","done":1,"total":2}"#);
        bytes.extend(frame(br#"{"message":"done"}"#));
        assert_eq!(messages(&bytes), [Message::Progress { done: 1, total: 2 }, Message::Done]);
    }

    #[test]
    fn what_is_wrong_is_said_and_ends_the_talk() {
        let whole = frame(br#"{"message":"done"}"#);
        let error = |bytes: &[u8]| match messages(bytes).pop() {
            Some(Message::Error { error }) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(error(&whole[..2]), ProtocolError::Truncated);
        assert_eq!(error(&whole[..9]), ProtocolError::Truncated);
        assert!(matches!(error(&u32::MAX.to_be_bytes()), ProtocolError::TooLong { .. }));
        assert!(matches!(error(&frame(b"{\"message\":\"dance\"}")), ProtocolError::Malformed { .. }));
        assert!(matches!(error(&frame(b"\xff")), ProtocolError::Malformed { .. }));
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(messages(&bytes).len() <= 1 + bytes.len() / 4);
        }

        #[test]
        fn a_cut_frame_is_never_taken_for_a_whole(cut in 1usize..20) {
            let whole = frame(br#"{"message":"done"}"#);
            let got = messages(&whole[..whole.len() - cut.min(whole.len() - 1)]);
            prop_assert_eq!(got, [Message::Error { error: ProtocolError::Truncated }]);
        }
    }
}
