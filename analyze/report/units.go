package report

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"tcpwarm/capture/segment"
)

// Seconds is a span; JSON shows it as a number of seconds.
type Seconds time.Duration

// MarshalJSON writes s in seconds with at most nine decimals.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of seconds.
func (s *Seconds) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	*s = Seconds(math.Round(f * 1e9))
	return nil
}

// Instant is a point in time; JSON shows it as RFC 3339 with nanoseconds, UTC.
type Instant segment.Time

// MarshalJSON writes t in RFC 3339.
func (t Instant) MarshalJSON() ([]byte, error) {
	return json.Marshal(segment.Time(t).Std().Format(time.RFC3339Nano))
}

// UnmarshalJSON reads RFC 3339.
func (t *Instant) UnmarshalJSON(b []byte) error {
	var u time.Time
	if err := json.Unmarshal(b, &u); err != nil {
		return err
	}
	*t = Instant(u.UnixNano())
	return nil
}
