package transfer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"

	"freehold"
	"freehold/internal/policy"
	"freehold/registrar/epp"
)

// EPPConfig is an account at a registry.
type EPPConfig struct {
	epp.Config
	// Rules gives the rules of a name's top-level domain.
	Rules func(freehold.Name) policy.Profile
	// Slot is asked for before a session is opened, as an account may hold only so
	// many; the function it returns gives it back. Nil: no bound.
	Slot func(context.Context) (free func(), err error)
}

// EPP is an account at a registry. It holds one session, opened when it is needed
// and again after it broke. It is safe for concurrent use: commands run one by one.
type EPP struct {
	config EPPConfig

	mu      sync.Mutex
	session *epp.Session
	free    func()
}

// NewEPP makes an adapter without connecting.
func NewEPP(c EPPConfig) *EPP { return &EPP{config: c} }

// Title names the account.
func (e *EPP) Title() string { return "EPP " + e.config.User + "@" + e.config.Addr }

// Able says what the rules allow.
func (e *EPP) Able(name freehold.Name) Ability { return AbilityOf(e.config.Rules(name)) }

// Close logs out.
func (e *EPP) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.drop()
}

func (e *EPP) drop() error {
	if e.session == nil {
		return nil
	}
	err := e.session.End(context.Background())
	e.session = nil
	e.free()
	return err
}

// open returns the session. The adapter is locked.
func (e *EPP) open(ctx context.Context) (*epp.Session, error) {
	if e.session != nil {
		return e.session, nil
	}
	free := func() {}
	if e.config.Slot != nil {
		var err error
		if free, err = e.config.Slot(ctx); err != nil {
			return nil, err
		}
	}
	s, err := epp.Dial(ctx, e.config.Config)
	if err != nil {
		free()
		return nil, err
	}
	e.session, e.free = s, free
	return s, nil
}

// do runs a command. One that was certainly not sent, because the session had ended
// meanwhile, is sent in a new one; whatever may have been sent is never repeated.
func (e *EPP) do(ctx context.Context, c epp.Command) (*epp.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fresh := e.session == nil
	s, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Do(ctx, c)
	if err == nil {
		return r, nil
	}
	if r != nil && !r.Code.Closes() {
		return r, refused(r, err)
	}
	e.drop()
	if errors.Is(err, epp.ErrOutcomeUnknown) {
		return nil, fmt.Errorf("%w: %w", err, ErrUnknown)
	}
	if r != nil {
		return r, refused(r, err)
	}
	if fresh || ctx.Err() != nil {
		return nil, err
	}
	if s, err = e.open(ctx); err != nil {
		return nil, err
	}
	if r, err = s.Do(ctx, c); err != nil && r == nil {
		e.drop()
		if errors.Is(err, epp.ErrOutcomeUnknown) {
			return nil, fmt.Errorf("%w: %w", err, ErrUnknown)
		}
	}
	if err != nil && r != nil {
		err = refused(r, err)
	}
	return r, err
}

// refused marks the refusals of a code.
func refused(r *epp.Response, err error) error {
	if r.Code.WantsOtherCode() {
		return &freehold.Error{Kind: freehold.KindOf(err), Msg: err.Error(), Err: ErrOtherCode}
	}
	return err
}

// barring are the statuses that forbid a release and that a registrar cannot or
// should not lift in passing (RFC 5731 §2.3).
var barring = []string{"serverTransferProhibited", "serverUpdateProhibited", "clientUpdateProhibited", "pendingDelete", "pendingUpdate", "pendingCreate"}

// Look asks the registry. A code that it tells is wiped unread.
func (e *EPP) Look(ctx context.Context, name freehold.Name) (State, error) {
	d, err := e.info(ctx, name)
	if err != nil {
		return State{}, err
	}
	s := State{Ours: d.Sponsor == e.config.User, Locked: d.Locked(), Pending: slices.Contains(d.Statuses, "pendingTransfer"), CodeSet: d.CodeSet}
	s.Barred = Barring(d.Statuses)
	return s, nil
}

func (e *EPP) info(ctx context.Context, name freehold.Name) (*epp.Domain, error) {
	r, err := e.do(ctx, epp.Info(name, freehold.TransferCode{}))
	if err != nil {
		return nil, err
	}
	if r.Domain == nil {
		return nil, &freehold.Error{Kind: freehold.KindUnavailable, Text: freehold.T("the registry's answer about %q holds nothing", name.Unicode())}
	}
	r.Domain.Code.Destroy()
	return r.Domain, nil
}

func (e *EPP) update(ctx context.Context, name freehold.Name, c epp.Change) error {
	u, err := epp.Update(name, c)
	if err != nil {
		return err
	}
	_, err = e.do(ctx, u)
	return err
}

const transferLock = "clientTransferProhibited"

// Set unlocks and sets in one command, so that there is no moment with one but not
// the other.
func (e *EPP) Set(ctx context.Context, name freehold.Name, code freehold.TransferCode, unlock bool) error {
	c := epp.Change{SetCode: code}
	if unlock {
		c.RemoveStatus = []string{transferLock}
	}
	return e.update(ctx, name, c)
}

// Unset removes the code (RFC 9154 §5.2). A registry that does not keep codes so
// gets one in its place that nobody has seen.
func (e *EPP) Unset(ctx context.Context, name freehold.Name, relock bool) error {
	e.mu.Lock()
	s, err := e.open(ctx)
	e.mu.Unlock()
	if err != nil {
		return err
	}
	c := epp.Change{UnsetCode: true}
	if !s.Greeting.SecureCodes() {
		discarded, err := e.Able(name).Shapes[0].Generate(rand.Reader)
		if err != nil {
			return err
		}
		defer discarded.Destroy()
		c = epp.Change{SetCode: discarded}
	}
	if relock {
		c.AddStatus = []string{transferLock}
	}
	return e.update(ctx, name, c)
}

// Lock puts the transfer lock on or takes it off.
func (e *EPP) Lock(ctx context.Context, name freehold.Name, on bool) error {
	if on {
		return e.update(ctx, name, epp.Change{AddStatus: []string{transferLock}})
	}
	return e.update(ctx, name, epp.Change{RemoveStatus: []string{transferLock}})
}

// Repoint replaces all name servers, and removes all DS records. It looks first: an
// update says what goes and what comes.
func (e *EPP) Repoint(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	return e.point(ctx, name, servers, func(d *epp.Domain) bool { return d.Signed })
}

// Delegate replaces all name servers, and leaves DS records alone.
func (e *EPP) Delegate(ctx context.Context, name freehold.Name, servers []freehold.Host) error {
	return e.point(ctx, name, servers, func(*epp.Domain) bool { return false })
}

// SetDS replaces all DS records (RFC 5910 §5.2.5).
func (e *EPP) SetDS(ctx context.Context, name freehold.Name, ds []freehold.DS) error {
	d, err := e.info(ctx, name)
	if err != nil || !d.Signed && len(ds) == 0 {
		return err
	}
	return e.update(ctx, name, epp.Change{RemoveAllDS: d.Signed, AddDS: ds})
}

func (e *EPP) point(ctx context.Context, name freehold.Name, servers []freehold.Host, unsign func(*epp.Domain) bool) error {
	d, err := e.info(ctx, name)
	if err != nil {
		return err
	}
	c := epp.Change{RemoveAllDS: unsign(d)}
	for _, h := range servers {
		if !slices.Contains(d.NameServers, h.ASCII()) {
			c.AddNS = append(c.AddNS, h)
		}
	}
	for _, old := range d.NameServers {
		h, err := freehold.ParseHost(old)
		if err != nil {
			return err
		}
		if !slices.Contains(servers, h) {
			c.RemoveNS = append(c.RemoveNS, h)
		}
	}
	if len(c.AddNS)+len(c.RemoveNS) == 0 && !c.RemoveAllDS {
		return nil // as it is to be
	}
	return e.update(ctx, name, c)
}

// Poll reads the oldest message.
func (e *EPP) Poll(ctx context.Context) (Message, bool, error) {
	r, err := e.do(ctx, epp.PollRequest())
	if err != nil || r.Code == epp.NoMessages || r.Queue == nil {
		return Message{}, false, err
	}
	m := Message{ID: r.Queue.ID, At: r.Queue.Date, Text: freehold.OneLine(r.Queue.Message)}
	if t := r.Transfer; t != nil {
		// A name that cannot be read is no reason to leave the queue standing.
		if name, err := freehold.ParseName(t.Name); err == nil {
			m.Name, m.State, m.Gaining, m.Losing, m.ActBy = name, t.Status, freehold.OneLine(t.Gaining), freehold.OneLine(t.Losing), t.ActBy
			m.Incoming = t.Gaining == e.config.User
		}
	}
	return m, true, nil
}

// Ack takes a message off the queue.
func (e *EPP) Ack(ctx context.Context, id string) error {
	_, err := e.do(ctx, epp.PollAck(id))
	return err
}

// Answer approves or rejects a pending transfer. That none is pending any more is
// an error of KindPermission.
func (e *EPP) Answer(ctx context.Context, name freehold.Name, approve bool) error {
	c := epp.TransferReject(name)
	if approve {
		c = epp.TransferApprove(name)
	}
	_, err := e.do(ctx, c)
	return err
}
