use std::net::{TcpListener, TcpStream};

use ground_core::sync::{Role, SyncMachine};

use super::*;

#[test]
fn the_kernels_table_is_read() {
    // Captured from /proc/net/tcp of a 6.1 kernel; 0x13BA is port 5050.
    let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:13BA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9001 1
   1: 0100007F:BEEF 0100007F:13BA 01 00000000:00000000 00:00000000 00000000     0        0 9002 1
   2: 0100007F:BEF0 0100007F:13BB 01 00000000:00000000 00:00000000 00000000     0        0 9003 1
   3: garbage\n";
    assert_eq!(sockets_to(table, 5050), [("127.0.0.1:48879".parse().unwrap(), 9002)]);
}

#[test]
fn addresses_of_both_families_are_read() {
    let read = |text| address(text).map(|address| address.to_string());
    assert_eq!(read("0100007F:0050").as_deref(), Some("127.0.0.1:80"));
    assert_eq!(read("00000000000000000000000001000000:0050").as_deref(), Some("[::1]:80"));
    assert_eq!(read("0000000000000000FFFF00000100007F:0050").as_deref(), Some("127.0.0.1:80"));
    assert_eq!(read("0100:0050"), None);
    assert_eq!(read("0100007F"), None);
}

#[test]
fn a_process_name_may_hold_anything() {
    assert_eq!(group_in_stat("7 (a) R b) (c) S 1 42 7 0"), Some(42));
    assert_eq!(group_in_stat("7 (a"), None);
}

#[test]
fn our_own_connection_leads_to_our_own_process_group() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let client = SyncMachine::<()>::default().connect(Role::Instance, None);
    let clients = [(client, stream.local_addr().unwrap())];
    let group = group_in_stat(&fs::read_to_string("/proc/self/stat").unwrap()).unwrap();
    let label: Arc<str> = "leech[7]".into();
    assert_eq!(identify(port, &clients, &[(group, label.clone())]), [(client, label.clone())]);
    assert_eq!(identify(port, &clients, &[(u32::MAX, label)]), []);
}
