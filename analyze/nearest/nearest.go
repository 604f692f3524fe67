// Package nearest finds the word that somebody may have meant who mistyped it.
package nearest

import "strings"

// Suggest ends a message about a word that is not known: "; did you mean missed?", or ""
// where none of words is near.
func Suggest(typed string, words []string) string { return SuggestAs(typed, words, "") }

// SuggestAs is Suggest, with what stands before the word in what is suggested, as "--" does
// before a flag.
func SuggestAs(typed string, words []string, before string) string {
	word, ok := Word(typed, words)
	if !ok {
		return ""
	}
	return "; did you mean " + before + word + "?"
}

// Word returns that of words which is nearest to what was typed: by the fewest letters
// that are wrong, missing, too many or swapped, at most one in three; else the only one
// that begins with it.
func Word(typed string, words []string) (word string, ok bool) {
	typed = strings.ToLower(typed)
	least := max(1, len(typed)/3) + 1
	for _, w := range words {
		if d := distance(typed, strings.ToLower(w)); d < least {
			least, word, ok = d, w, true
		}
	}
	if ok || typed == "" {
		return word, ok
	}
	for _, w := range words {
		if strings.HasPrefix(strings.ToLower(w), typed) {
			if ok {
				return "", false
			}
			word, ok = w, true
		}
	}
	return word, ok
}

// maxLength bounds what is compared: nothing that has a name here is longer.
const maxLength = 64

// distance counts the letters to change, add, leave out or swap with their neighbour to
// make b of a (optimal string alignment: no letter is changed twice).
func distance(a, b string) int {
	if len(a) > maxLength || len(b) > maxLength {
		return maxLength
	}
	var rows [3][maxLength + 1]int // of a's letter before the last, of the last, and of this
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := range len(a) {
		rows[2][0] = i + 1
		for j := range len(b) {
			change := rows[1][j]
			if a[i] != b[j] {
				change++
			}
			d := min(change, rows[1][j+1]+1, rows[2][j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, rows[0][j-1]+1)
			}
			rows[2][j+1] = d
		}
		rows[0], rows[1] = rows[1], rows[2]
	}
	return rows[1][len(b)]
}
