//! What was counted over many set-ups.

/// Figures of one run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Sets of rules.
    pub set_ups: usize,
    /// Packets sent.
    pub packets: usize,
    /// Of them, packets of a flow that had begun.
    pub established: usize,
    /// Of them, IPv6.
    pub ipv6: usize,
    /// Packets of which everything was decided.
    pub decided: usize,
    /// Packets of which something was not.
    pub undecided: usize,
    /// Hooks passed.
    pub hooks: usize,
    /// Of them, those whose rules leave a trace and were all decided.
    pub traced_hooks: usize,
    /// Of them, those whose rules were the kernel's, one by one.
    pub exact_paths: usize,
    /// Rules looked at.
    pub visits: usize,
    /// Flows sent again, because what was seen of them was not what was predicted.
    pub asked_again: usize,
    /// Wrong answers.
    pub wrong: usize,
    /// Rules loaded.
    pub rules_loaded: usize,
    /// Of them, those that some packet can match.
    pub rules: usize,
    /// Rules that were hit and were thought to be out of reach: a mistake of the counting.
    pub thought_out_of_reach: usize,
    /// Of them, those that some packet matched.
    pub rules_hit: usize,
}

impl Tally {
    /// The head of a table of figures.
    pub const HEAD: &str = "| | set-ups | packets | of flows under way | IPv6 | wrong | undecided | hooks | exact paths \
        | rules | within reach | hit |\n|---|---|---|---|---|---|---|---|---|---|---|---|";

    /// How many of a hundred rules within reach were hit.
    pub fn percent_hit(&self) -> f64 {
        percent(self.rules_hit, self.rules)
    }

    /// The figures as a row of that table.
    pub fn row(&self, name: &str) -> String {
        let packets = self.decided + self.undecided;
        format!(
            "| {name} | {} | {} | {} | {} | {} | {} ({:.2} %) | {} | {} ({:.2} %) | {} | {} | {} ({:.1} %) |",
            self.set_ups,
            self.packets,
            self.established,
            self.ipv6,
            self.wrong,
            self.undecided,
            percent(self.undecided, packets),
            self.hooks,
            self.exact_paths,
            percent(self.exact_paths, self.traced_hooks),
            self.rules_loaded,
            self.rules,
            self.rules_hit,
            self.percent_hit(),
        )
    }
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}
