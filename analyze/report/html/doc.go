// Package html writes a report as one page that needs nothing else: the words of package text, the
// connections drawn in time, and what to look for in Wireshark.
//
//	html.go      the page, and the policy that lets nothing into it or out of it
//	page.html    its template; page.css and page.js, its style and its script
//	view.go      what the template shows of a pool
//	lane.go      a connection as it is drawn, by Go and by the script alike
//	picture.go   the lanes that stand in the page without the script; curve.go, the pool's curve
//	series.go    how a window grew, as package growth has recorded it
//	sequence.go  time-sequence graphs, as package timesequence has recorded them
//	ideal.go     the connections of an ideal client, where the report shows them
//	filter.go    display filters for packets, connections and pools
//
// Without the script the page has the verdict, the overview, and for the worst pools their words and
// some lanes. The script sorts, filters, and draws all lanes, from data that the page holds as JSON.
// Strings from packets are made printable as for a terminal, then escaped by html/template; the script
// puts them into the page as text only.
package html
