// Package plural puts a number and its noun together, singular or plural.
package plural

import (
	"strconv"
	"strings"
)

// Count prints n and a noun: "1 request", "2 requests", "2 flashes".
func Count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	ending := "s"
	if strings.HasSuffix(noun, "ss") || strings.HasSuffix(noun, "sh") {
		ending = "es"
	}
	return strconv.FormatInt(n, 10) + " " + noun + ending
}

// Range prints a noun and how many there are, from the fewest to the most: "2 to 5 requests", "2 requests".
func Range(fewest, most int64, noun string) string {
	if fewest == most {
		return Count(most, noun)
	}
	return strconv.FormatInt(fewest, 10) + " to " + Count(most, noun)
}

// Were is the verb for n things: "was", or "were".
func Were(n int64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// Them is the pronoun for n things: "it", or "them".
func Them(n int64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// Either returns one where there is one, else many.
func Either(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
