package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"freehold"
	"freehold/internal/policy"
	"freehold/internal/providerapi"
)

// What registrars' interfaces over HTTP have in common.

// Unanswered marks the error of a change whose fate nobody knows, with ErrUnknown: it
// may have been sent, and no answer to it was understood. A refusal (a status below
// 500) and a connection that never came to be leave nothing behind.
func Unanswered(err error) error {
	var status *providerapi.StatusError
	var network *net.OpError
	switch {
	case err == nil, errors.Is(err, ErrUnknown):
		return err
	case errors.As(err, &status) && status.Status < 500:
		return err
	case errors.As(err, &network) && network.Op == "dial":
		return err
	}
	return fmt.Errorf("%w: %w", err, ErrUnknown)
}

// Absent tells whether an interface said in its own words that it has no such name. A
// page of HTML with the status 404 says nothing: the address may be wrong.
func Absent(err error) bool {
	var status *providerapi.StatusError
	return errors.As(err, &status) && status.Status == 404 && status.Message != ""
}

// How often and how long a change that was taken is waited for. All of it is less than
// the time for which a worker holds a case.
const (
	settleTries = 8
	settlePause = 1500 * time.Millisecond
)

// Settle asks until done says that a change has come through. One that has not in time
// is an error of KindUnavailable: it is looked for again later.
func Settle(ctx context.Context, wait func(context.Context, time.Duration) error, title string, name freehold.Name, done func() (bool, error)) error {
	for try := range settleTries {
		if try > 0 {
			if err := wait(ctx, settlePause); err != nil {
				return err
			}
		}
		if ok, err := done(); err != nil || ok {
			return err
		}
	}
	return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s has taken the change of %q and not made it yet", title, name.Unicode()), Advice: freehold.T("try again in some minutes")}
}

// Barring returns those of a name's statuses that forbid to let it go (RFC 5731 §2.3).
func Barring(statuses []string) (out []string) {
	for _, s := range statuses {
		if slices.Contains(barring, s) {
			out = append(out, s)
		}
	}
	return out
}

// CodeText is a code in a JSON answer. What is read into it is wiped by Code.
type CodeText []byte

// UnmarshalJSON reads a string, or null.
func (c *CodeText) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*c = nil
		return nil
	}
	if n := len(b); n >= 2 && b[0] == '"' && !slices.Contains(b, '\\') {
		*c = append([]byte(nil), b[1:n-1]...)
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*c = []byte(s)
	return err
}

// Code takes the code over.
func (c *CodeText) Code() freehold.TransferCode {
	code := freehold.NewTransferCode(*c)
	*c = nil
	return code
}

// FetchAbility is what the rules leave to a registrar that makes the codes itself and
// shows them: the same as to one who sets them, in another way.
func FetchAbility(p policy.Profile) Ability {
	a := AbilityOf(p)
	if a.How == HowSet {
		a = Ability{How: HowFetch, Unsets: true, Locks: true, Why: a.Why}
	}
	return a
}

// NoAnswer is the error for an answer that does not hold what it should.
func NoAnswer(title string, name freehold.Name) error {
	return &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the answer of %s about %q holds nothing that is understood", title, name.Unicode())}
}

// WantsKeys is the error of a registrar that takes keys where there are DS records.
func WantsKeys(title string) error {
	return &freehold.Error{Kind: freehold.KindInvalid, Text: freehold.T("%s takes DNSKEY records, not DS records", title), Advice: freehold.T("enter the key in its panel")}
}

// SendJSON sends a change and returns its answer, which has to be JSON, or nothing. An
// answer that is neither, with a status of success, leaves the fate unknown.
func SendJSON(ctx context.Context, api *providerapi.Client, title, method, path string, in any) ([]byte, error) {
	body, err := api.Raw(ctx, method, path, in)
	if err == nil && len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) {
		err = &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("%s did not say whether it did %q", title, freehold.OneLine(method+" "+path))}
	}
	return body, Unanswered(err)
}

// HostNames writes hosts as registrars want them, without the final dot.
func HostNames(hosts []freehold.Host) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = h.ASCII()
	}
	return out
}
