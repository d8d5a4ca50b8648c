package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// transport is HTTP with the patience of a client.
func (c Client) transport() http.RoundTripper {
	answer, patience := c.Answer, c.Patience
	if answer == 0 {
		answer = 20 * time.Second
	}
	if patience == 0 {
		patience = 5 * time.Minute
	}
	base := http.DefaultTransport.(*http.Transport).Clone() // documented to be one
	base.DialContext = (&net.Dialer{Timeout: answer, KeepAlive: 30 * time.Second}).DialContext
	base.ResponseHeaderTimeout = answer
	if c.Proxy != nil {
		base.Proxy = func(req *http.Request) (*url.URL, error) { return c.Proxy(req.URL) }
	}
	base.MaxIdleConnsPerHost = parallel
	return &patient{base: base, answer: answer, budget: patience, see: c.See}
}

// patient does what a registry asks that is busy: it waits and asks again. It
// gives up on an answer that stops half-way.
type patient struct {
	base   http.RoundTripper
	answer time.Duration
	budget time.Duration
	see    func(string)
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(req *http.Request) (*http.Response, error) {
	for waited := time.Duration(0); ; {
		response, err := p.once(req)
		if err != nil || !busy(response) {
			return response, err
		}
		pause := after(response.Header, time.Now())
		if waited += pause; waited > p.budget || req.Body != nil && req.GetBody == nil {
			return response, nil // the caller explains it
		}
		_ = response.Body.Close() // it says no more than its status
		if p.see != nil {
			p.see(fmt.Sprintf("%s asks to come back in %s", req.URL.Host, pause))
		}
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(pause):
		}
		if req.GetBody != nil {
			req = req.Clone(req.Context())
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func busy(response *http.Response) bool {
	return response.StatusCode == http.StatusTooManyRequests ||
		response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != ""
}

// after reads Retry-After: seconds or a date; 5 s where it is missing.
func after(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(time.Duration(seconds)*time.Second, 100*time.Millisecond)
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(date.Sub(now).Round(time.Second), time.Second)
	}
	return 5 * time.Second
}

func (p *patient) once(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	response, err := p.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	stalled := time.AfterFunc(p.answer, func() { cancel(errStalled) })
	response.Body = &watched{ReadCloser: response.Body, timer: stalled, limit: p.answer, ctx: ctx, cancel: cancel}
	return response, nil
}

var errStalled = stall{}

// stall is a timeout, as package net has it.
type stall struct{}

func (stall) Error() string   { return "the answer stopped half-way" }
func (stall) Timeout() bool   { return true }
func (stall) Temporary() bool { return false }

// watched is a body that has to go on.
type watched struct {
	io.ReadCloser
	timer  *time.Timer
	limit  time.Duration
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.limit)
	n, err := w.ReadCloser.Read(p)
	if err != nil {
		w.timer.Stop()
	}
	if err != nil && errors.Is(context.Cause(w.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (w *watched) Close() error {
	w.timer.Stop()
	err := w.ReadCloser.Close()
	w.cancel(nil)
	return err
}
