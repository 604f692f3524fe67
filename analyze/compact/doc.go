// Package compact keeps structs that rest in few bytes, and gives them back as they were.
//
// What is followed of a connection takes kilobytes, because all that may ever matter of it has its place. While nothing
// happens on it most of that is zero, or says again what stands elsewhere, or is as with any other connection. A
// Packer writes down the rest: it goes through the memory of some structs, word by word, and notes those words
// that are not as a Model expects them. It knows where pointers are by the types (reflect), so no field can be
// forgotten, whoever adds one.
//
// What comes in is a list of Parts, pieces of memory that point to each other and to which nothing else points. What goes
// out are bytes, and the pointers to all that is none of the parts: they are moved, not copied. Unpacked they may lie
// elsewhere. It does not look into what the pointers lead to, and does not know what the structs mean.
package compact
