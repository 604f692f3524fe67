package tls

import "tcpwarm/analyze/compact"

var openerLayout = compact.LayoutOf[opener]()

// Openers says which sides' records are opened: bits, by side.
type Openers uint8

// Openers returns for which sides c has what opens their records.
func (c *Conn) Openers() (all Openers) {
	for side := range c.half {
		if c.half[side].open != nil {
			all |= 1 << side
		}
	}
	return all
}

// Parts has c hold no more than it must while it rests, and adds what opens its records to parts.
func (c *Conn) Parts(parts []compact.Part) []compact.Part {
	c.plain = c.plain[:0]
	for side := range c.half {
		if o := c.half[side].open; o != nil {
			o.rest()
			parts = append(parts, compact.PartOf(o, openerLayout))
		}
	}
	return parts
}

// Parts adds what is to open records, of a Conn to be unpacked that had it, to parts.
func (all Openers) Parts(parts []compact.Part) []compact.Part {
	for side := range 2 {
		if all&(1<<side) != 0 {
			parts = append(parts, compact.PartOf(new(opener), openerLayout))
		}
	}
	return parts
}
