// Package timeline places the connections of a pool in time: which of many are drawn, and where on
// an axis they share. Writers draw them, text in columns and HTML in shares of a width.
package timeline
