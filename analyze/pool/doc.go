// Package pool judges reuse: it replays all transactions of one client to one
// authority beside an ideal client and says of every connection why it was
// opened, and whether the ideal client would have needed it.
//
// Events of connections come in, those of each client in packet order; decisions
// (one for each used connection) and pools go out. It knows no packets and no
// protocols, only when requests started, when responses ended, and who ended a
// connection.
package pool
