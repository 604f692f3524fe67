package challenge

import "net"

var bodies, control, idle, endings, secure, multiplexed []Scenario

const (
	User     = "tcpwarm"
	Password = "challenge"
)

type h2conn struct{}

func (s *Server) serveHTTP2(t *traced, c net.Conn) {}
