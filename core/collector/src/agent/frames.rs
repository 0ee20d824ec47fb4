//! The agent's protocol over a pair of byte streams.
//!
//! Two tasks carry frames between the pipe and the link's channels. Both directions are bounded: a frame by
//! [`MAX_FRAME_BYTES`], what waits by the channels. Whatever is wrong becomes one `Error` message, and the talk ends.

use bridgewalk_agent::{
    AgentLink,
    protocol::{MAX_FRAME_BYTES, Message, ProtocolError, Request},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

/// Requests are few and small.
const REQUESTS: usize = 16;
/// Messages hold some hundred observations each.
const MESSAGES: usize = 16;

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
            if write(&mut input, &request).await.is_err() {
                // The reading side says why.
                return;
            }
        }
        // The agent ends when its input does.
        let _ = input.shutdown().await;
    });
    tokio::spawn(async move {
        loop {
            let message = match read(&mut output).await {
                Ok(Some(message)) => message,
                Ok(None) => return,
                Err(error) => {
                    let _ = said.send(Message::Error { error }).await;
                    return;
                }
            };
            if said.send(message).await.is_err() {
                return;
            }
        }
    });
    AgentLink { requests, messages }
}

async fn write(output: &mut (impl AsyncWrite + Unpin), request: &Request) -> Result<(), ProtocolError> {
    let json = serde_json::to_vec(request).map_err(|error| ProtocolError::Malformed { detail: error.to_string() })?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length as usize <= MAX_FRAME_BYTES);
    let length = length.ok_or_else(|| too_long(json.len()))?;
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend(json);
    output.write_all(&frame).await.map_err(|error| io_error(&error))?;
    output.flush().await.map_err(|error| io_error(&error))
}

/// The next message; none at the end of the stream between two frames.
async fn read(input: &mut (impl AsyncRead + Unpin)) -> Result<Option<Message>, ProtocolError> {
    let mut header = [0; 4];
    let mut filled = 0;
    while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest).await.map_err(|error| io_error(&error))? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(ProtocolError::Truncated),
            count => filled += count,
        }
    }
    let length = u32::from_be_bytes(header) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(too_long(length));
    }
    // Memory is taken as bytes come, not as they are announced.
    let mut json = Vec::new();
    let count = input.take(length as u64).read_to_end(&mut json).await.map_err(|error| io_error(&error))?;
    if count < length {
        return Err(ProtocolError::Truncated);
    }
    serde_json::from_slice(&json)
        .map(Some)
        .map_err(|error| ProtocolError::Malformed { detail: error.to_string().chars().take(300).collect() })
}

const fn too_long(bytes: usize) -> ProtocolError {
    ProtocolError::TooLong { bytes: bytes as u64, max: MAX_FRAME_BYTES as u64 }
}

fn io_error(error: &std::io::Error) -> ProtocolError {
    ProtocolError::Io { detail: error.to_string() }
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
