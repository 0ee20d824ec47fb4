//! Address pools: which addresses are taken, how many are left.

use std::{collections::BTreeMap, net::IpAddr};

use bridgewalk_model::{EntityId, snapshot::Host};
use ipnet::IpNet;
use serde::Serialize;

/// One pool of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolUse {
    /// The network.
    pub network: EntityId,
    /// Its subnet.
    pub subnet: IpNet,
    /// What addresses are taken from: the range, else the subnet.
    pub range: IpNet,
    /// Taken addresses of the subnet, in order, each with its container; none: gateway, reserved, or of the Swarm's.
    pub used: Vec<(IpAddr, Option<EntityId>)>,
    /// How many are left in the range; at most `u64::MAX`.
    pub free: u64,
}

/// All pools, by network and subnet.
pub fn pools(host: &Host) -> Vec<PoolUse> {
    let mut uses = Vec::new();
    for network in &host.networks {
        for pool in &network.pools {
            let range = pool.ip_range.unwrap_or(pool.subnet);
            let mut used: BTreeMap<IpAddr, Option<EntityId>> = BTreeMap::new();
            let mut take = |address: IpAddr, container: Option<&EntityId>| {
                if pool.subnet.contains(&address) {
                    let owner = used.entry(address).or_default();
                    if owner.is_none() {
                        *owner = container.cloned();
                    }
                }
            };
            host.gateways(network, pool).iter().chain(pool.reserved.values()).for_each(|address| take(*address, None));
            for member in &network.members {
                member.ipv4.iter().chain(&member.ipv6).for_each(|it| take(it.addr(), member.container.as_ref()));
            }
            for container in host.containers.iter().filter(|container| container.state.is_alive()) {
                for end in container.attachments.iter().filter(|end| end.network == network.id) {
                    end.ipv4.iter().chain(&end.ipv6).for_each(|it| take(it.addr(), Some(&container.id)));
                }
            }
            let taken = used.keys().filter(|address| range.contains(*address)).count() as u128;
            let free = usable(range, pool.subnet).saturating_sub(taken);
            uses.push(PoolUse {
                network: network.id.clone(),
                subnet: pool.subnet,
                range,
                used: used.into_iter().collect(),
                free: u64::try_from(free).unwrap_or(u64::MAX),
            });
        }
    }
    uses
}

/// How many addresses of `range` a host may bear: not the subnet's own and, in IPv4, not its broadcast address.
fn usable(range: IpNet, subnet: IpNet) -> u128 {
    let bits = u32::from(range.max_prefix_len() - range.prefix_len());
    let all = 1u128.checked_shl(bits).unwrap_or(u128::MAX);
    let is_single = subnet.prefix_len() + 1 >= subnet.max_prefix_len();
    let first = u128::from(!is_single && range.contains(&subnet.network()));
    let last = u128::from(!is_single && range.addr().is_ipv4() && range.contains(&subnet.broadcast()));
    all.saturating_sub(first + last)
}
