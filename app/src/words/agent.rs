//! Which program reads the kernel as root.

use bridgewalk_collector::{AgentProgram, embedded_agent};

use super::Words;

impl Words {
    /// Where the agent's program comes from, and what it can be told by: one sentence.
    pub fn agent_program(self, program: &AgentProgram) -> String {
        let (version, digest) = embedded_agent();
        let path = match program {
            AgentProgram::Embedded => {
                return self.format("agent-embedded", &[("version", version.into()), ("digest", digest.into())]);
            }
            AgentProgram::Named(path) | AgentProgram::Installed(path) => path.display().to_string(),
        };
        let key = if matches!(program, AgentProgram::Named(_)) { "agent-named" } else { "agent-installed" };
        self.format(key, &[("path", path.into()), ("version", version.into()), ("digest", digest.into())])
    }
}
