//! What is to be laid out: boxes with their sizes, and which of them a line joins.

use bridgewalk_model::EntityId;

/// Width and height in scene units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// Rightwards.
    pub width: f32,
    /// Downwards.
    pub height: f32,
}

/// One host to be laid out. From left to right: what is outside, the host's uplinks, then columns of blocks. A block is
/// a network: a head (the bridge's own band), then a row for each namespace in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What kind of drawing this is: places are only kept between drawings of the same shape.
    pub shape: String,
    /// Width to height that is aimed at.
    pub aspect: f32,
    /// Boxes outside, stacked.
    pub outside: Vec<Size>,
    /// The host's own interfaces, stacked.
    pub uplinks: Vec<Size>,
    /// Room above the blocks, inside the host.
    pub title_height: f32,
    /// Width of every row.
    pub row_width: f32,
    /// Blocks in the order wanted.
    pub blocks: Vec<BlockPlan>,
    /// Lines from an uplink to blocks and rows: they come in at a row's left.
    pub feeds: Vec<FeedPlan>,
}

/// A network.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockPlan {
    /// Stable.
    pub key: EntityId,
    /// Height of its head: its first row begins below.
    pub head_height: f32,
    /// Its rows in the order wanted.
    pub rows: Vec<RowPlan>,
    /// Room below the last row.
    pub foot_height: f32,
    /// Where on its head the lines to rows elsewhere leave, and to its own further pieces: from the head's corner.
    pub outlet: (f32, f32),
    /// Rows elsewhere that a line goes to; all come in on the right.
    pub elsewhere: Vec<Terminal>,
}

/// A row: a namespace, and what belongs to it alone.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPlan {
    /// Stable.
    pub key: EntityId,
    /// In scene units.
    pub height: f32,
}

/// Where a line ends, from the upper left corner of a block's head or of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Terminal {
    /// Of which block, by its place in [`Plan::blocks`].
    pub block: usize,
    /// Of which of its rows; none: its head.
    pub row: Option<usize>,
    /// Rightwards.
    pub dx: f32,
    /// Downwards.
    pub dy: f32,
}

/// Lines that leave one uplink.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPlan {
    /// By its place in [`Plan::uplinks`].
    pub uplink: usize,
    /// Where on its right side, from its top.
    pub dy: f32,
    /// Where they go.
    pub to: Vec<Terminal>,
}
