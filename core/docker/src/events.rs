//! What happens on an engine, as it happens: bollard's stream of events, metered.

use std::{pin::Pin, sync::Arc};

use bollard::{Docker, errors::Error, models::EventMessage, query_parameters::EventsOptions};
use futures_util::{Stream, StreamExt, stream::Peekable};

use crate::{
    error::EngineError,
    meter::Meter,
    transport::{Reading, Transport},
};

type Messages = Pin<Box<dyn Stream<Item = Result<EventMessage, Error>> + Send>>;

/// Events as they come.
pub struct Events {
    messages: Pin<Box<Peekable<Messages>>>,
    meter: Arc<Meter>,
    transport: Arc<Transport>,
}

impl Events {
    /// Subscribes; returns when the engine has agreed, so that no later event is lost.
    pub(crate) async fn subscribe(
        docker: &Docker,
        transport: Arc<Transport>,
        options: EventsOptions,
    ) -> Result<Self, EngineError> {
        let meter = Arc::new(Meter::default());
        let docker = Reading::Stream(Arc::clone(&meter)).of(docker);
        let messages: Messages = Box::pin(docker.events(Some(options)));
        let mut events = Self { messages: Box::pin(messages.peekable()), meter, transport };
        let is_refused = tokio::select! {
            () = events.meter.has_begun() => false,
            first = events.messages.as_mut().peek() => first.is_none_or(Result::is_err),
        };
        if is_refused {
            events.next().await?;
        }
        Ok(events)
    }

    /// The next event. May be dropped while it waits without losing anything.
    ///
    /// # Errors
    /// The subscription has ended: the connection is lost, or the engine said something that is no event, which may stand
    /// for one that was lost.
    pub async fn next(&mut self) -> Result<EventMessage, EngineError> {
        let error = match self.messages.next().await {
            Some(Ok(message)) => {
                self.meter.restart();
                return Ok(message);
            }
            Some(Err(error)) => {
                let error = self.transport.error(&self.meter.request(), &error);
                self.meter.refusal().unwrap_or(error)
            }
            None => EngineError::Unreachable {
                address: self.transport.endpoint().address.to_string(),
                detail: "it closed the stream of events".to_owned(),
            },
        };
        Err(self.transport.explained(error).await)
    }
}
