package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"turnup.dev/kubectl-turnup/internal/ui"
)

// failure is one image that is not to be had.
type failure struct {
	what, hint string
	host       string
	// away: the registry as a whole does not answer.
	away  bool
	cause error
}

func (f failure) Error() string { return f.what }
func (f failure) Unwrap() error { return f.cause }

// explain says what a registry's answer means for an image.
func explain(ref string, err error) error {
	host, _, _ := strings.Cut(ref, "/")
	if errors.Is(err, context.Canceled) {
		return err
	}
	f := failure{host: host, cause: err}
	var answer *transport.Error
	var timeout net.Error
	switch {
	case errors.As(err, &answer):
		f.answered(ref, host, answer)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		f.what = fmt.Sprintf("%s does not answer (image %s)", host, ref)
		f.hint, f.away = away, true
	default:
		var dial *net.OpError
		var dns *net.DNSError
		f.away = errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &dns)
		f.what = fmt.Sprintf("read image %s: %v", ref, err)
		f.hint = "run the same command again: what is there already is not fetched again"
		if f.away {
			why := innermost(err).Error()
			if dns != nil {
				why = dns.Err
			}
			f.what = fmt.Sprintf("%s cannot be reached (image %s): %s", host, ref, why)
			f.hint = away
		}
	}
	return f
}

const away = "is the network, or HTTPS_PROXY, right? A mirror is set with bootstrap.registry"

func (f *failure) answered(ref, host string, answer *transport.Error) {
	switch code := answer.StatusCode; code {
	case http.StatusUnauthorized, http.StatusForbidden:
		f.what = fmt.Sprintf("%s does not give image %s to us (%d %s)", host, ref, code, http.StatusText(code))
		f.hint = fmt.Sprintf("`docker login %s`: its credentials are used; or the image is not there, which some registries say this way", host)
	case http.StatusNotFound:
		f.what = fmt.Sprintf("%s has no image %s (404)", host, ref)
		f.hint = "does bootstrap.registry, or an override, name the right place? `kubectl turnup images push` fills a mirror from a bundle"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.what = fmt.Sprintf("%s is busy, and asked for more patience than there is (image %s, %d)", host, ref, code)
		f.hint = "run the same command again later: what is there already is not fetched again; `docker login` raises the limit of some registries"
	default:
		f.what = fmt.Sprintf("%s answered %d for image %s", host, code, ref)
		f.hint = "ask whoever runs the registry; what is there already is not fetched again"
	}
}

// foreign is an image that there is, for other machines.
func foreign(ref string, want v1.Platform, have []v1.Platform) error {
	var list []string
	for _, p := range have {
		list = append(list, p.String())
	}
	slices.Sort(list)
	return failure{
		what: fmt.Sprintf("image %s is for %s, and not for %s", ref, strings.Join(slices.Compact(list), ", "), want),
		hint: "choose --platform among these, or override the image with bootstrap.image_overrides",
	}
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// together makes one error of several, each said once, with the first hint.
func together(failed []error) error {
	var lines []string
	var first error
	silent := map[string]bool{}
	for _, err := range failed {
		if err == nil || slices.Contains(lines, err.Error()) {
			continue
		}
		if f := (failure{}); errors.As(err, &f) && f.away {
			if silent[f.host] {
				continue // its other images are not to be had either
			}
			silent[f.host] = true
		}
		if first == nil {
			first = err
		}
		lines = append(lines, err.Error())
	}
	if first == nil {
		return nil
	}
	err := first
	if len(lines) > 1 {
		err = several{fmt.Sprintf("%d things are in the way:\n- %s", len(lines), strings.Join(lines, "\n- ")), failed}
	}
	var f failure
	if errors.As(first, &f) {
		return ui.Hint(err, "%s", f.hint)
	}
	return err
}

// several are errors that are said as one.
type several struct {
	what string
	list []error
}

func (s several) Error() string   { return s.what }
func (s several) Unwrap() []error { return s.list }

// Refused tells whether a registry has said no, rather than nothing.
func Refused(err error) bool {
	for _, one := range all(err) {
		var f failure
		var answer *transport.Error
		if errors.As(one, &f) && !f.away && errors.As(one, &answer) && answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests {
			return true
		}
	}
	return false
}

func all(err error) []error {
	var list several
	if errors.As(err, &list) {
		return slices.DeleteFunc(slices.Clone(list.list), func(err error) bool { return err == nil })
	}
	return []error{err}
}
