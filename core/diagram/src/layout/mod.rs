//! Where everything stands: lanes in a fixed order, a block for each network, blocks folded into columns. No force
//! simulation: the same input gives the same bytes.

use serde::{Deserialize, Serialize};

/// Where everything stands, kept from one drawing to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Layout {}
