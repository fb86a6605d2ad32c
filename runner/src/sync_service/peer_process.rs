//! Which process holds the other end of a local connection.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ground_core::sync::ClientId;

/// Finds the process groups at the other end of connections to our `port`.
///
/// What cannot be read, because the process is gone or another user's, is not found; that is no error.
pub(super) fn identify(
    port: u16,
    clients: &[(ClientId, SocketAddr)],
    groups: &[(u32, Arc<str>)],
) -> Vec<(ClientId, Arc<str>)> {
    if clients.is_empty() || groups.is_empty() {
        return Vec::new();
    }
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let inodes: HashMap<SocketAddr, u64> =
        tables.iter().flatten().flat_map(|table| sockets_to(table, port)).collect();
    let mut wanted: HashMap<u64, ClientId> = clients
        .iter()
        .filter_map(|(client, address)| Some((*inodes.get(&canonical(*address))?, *client)))
        .collect();
    let labels: HashMap<u32, &Arc<str>> =
        groups.iter().map(|(group, label)| (*group, label)).collect();
    let mut found = Vec::new();
    for (process, group) in processes() {
        let Some(label) = labels.get(&group) else { continue };
        for inode in socket_inodes(process) {
            found.extend(wanted.remove(&inode).map(|client| (client, (*label).clone())));
        }
        if wanted.is_empty() {
            break;
        }
    }
    found.sort();
    found
}

/// Reads a kernel socket table: local ends of connections to `port`, with the inode of their socket.
///
/// # Source
/// Linux, `Documentation/networking/proc_net_tcp.rst`.
fn sockets_to(table: &str, port: u16) -> Vec<(SocketAddr, u64)> {
    let row = |line: &str| {
        let mut columns = line.split_ascii_whitespace();
        let local = address(columns.nth(1)?)?;
        let remote = address(columns.next()?)?;
        let inode = columns.nth(6)?.parse().ok()?;
        (remote.port() == port).then_some((local, inode))
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// Reads an address as the kernel prints it: 32-bit words in host order, in hexadecimal.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..host.len()).step_by(8) {
        let word = u32::from_str_radix(host.get(at..at + 8)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let host = match bytes.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
        _ => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(),
    };
    Some(canonical(SocketAddr::new(host, port)))
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Lists all processes with their groups.
fn processes() -> impl Iterator<Item = (u32, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        Some((process, group_in_stat(&stat)?))
    })
}

/// Reads the process group: the third field after the name, which may hold spaces and brackets.
fn group_in_stat(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(2)?.parse().ok()
}

fn socket_inodes(process: u32) -> impl Iterator<Item = u64> {
    let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| {
        let target = fs::read_link(file.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}

#[cfg(test)]
mod tests;
