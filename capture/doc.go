// Package capture reads saved captures and turns their packets into TCP
// segments.
//
// Files or streams come in, told apart by their content; batches of segments go
// out in capture order, with counts of what could not be used. A segment's
// payload points into its batch: it is valid until that batch is filled again.
//
// The readers are our own, since the packet library's readers misread link type
// SLL2, stop silently at a cut and panic at odd clock resolutions; so is the fast
// path of the decoder, for speed. All other packets go through the library's
// layers.
package capture
