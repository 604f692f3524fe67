package tls

import "slices"

// mostHelloRecords bounds the records of one hello that are looked at: what cuts hellos up makes a few.
const mostHelloRecords = 64

// Answers reports whether server, the first bytes that the server says, is a hello that answers the client's with which
// client begins: the suite that it names is one of the client's (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3).
// It is asked where something else was spoken before: bytes that only look like a hello have no such answer.
func Answers(client, server []byte) bool {
	if is, asks := Detect(client); is != Yes || !asks {
		return false
	}
	if is, asks := Detect(server); is != Yes || asks {
		return false
	}
	offer, choice := helloBody(client), helloBody(server)
	if major := offer.take(2); len(major) < 2 || major[0] != 3 { // SSL 3.0 and all that came after
		return false
	}
	draft := draftOf(uint16(choice.uint(2)))
	offer.random()
	choice.random()
	offer.vector(1) // of the session
	if draft == 0 { // a draft that is named here has no session (draft-ietf-tls-tls13-21 section 4.1.3)
		choice.vector(1)
	}
	chosen := choice.take(2)
	suites := offer.vector(2)
	for len(chosen) == 2 && len(suites.b) >= 2 {
		if string(suites.take(2)) == string(chosen) {
			return true
		}
	}
	return false
}

// helloBody returns the body of the handshake message with which b begins, as far as b has it, put together if it lies in
// several records.
func helloBody(b []byte) cursor {
	var message []byte
	for records := 0; records < mostHelloRecords && len(b) > headerLen && b[0] == recordHandshake; records++ {
		fragment := b[headerLen:min(recordLen(b), len(b))]
		if records == 0 { // nearly always all of it
			message = slices.Clip(fragment)
		} else {
			message = append(message, fragment...)
		}
		if len(message) >= messageHeader && len(message) >= messageHeader+messageLen(message) {
			break
		}
		b = b[headerLen+len(fragment):]
	}
	k := cursor{b: message}
	k.take(messageHeader)
	return k
}
