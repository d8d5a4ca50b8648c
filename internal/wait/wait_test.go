package wait

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestForReturnsAsSoonAsTheProbeIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, looks := time.Now(), 0
		err := For(t.Context(), Options{What: "nodes", Budget: time.Minute, Every: time.Second},
			func(context.Context) (bool, string, error) {
				looks++
				return looks == 4, "", nil
			})
		if err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestATimeoutSaysWhatItWaitedForAndWhatItSaw(t *testing.T) {
	refused := errors.New("connection refused")
	cases := []struct {
		name  string
		state string
		err   error
		want  string
	}{
		{"an error", "", refused, "timed out after 2m0s waiting for API server of demo: last seen: connection refused"},
		{"a state", "0/2 ready", nil, "timed out after 2m0s waiting for API server of demo: last seen: 0/2 ready"},
		{"both", "0/2 ready", refused, "timed out after 2m0s waiting for API server of demo: last seen: 0/2 ready: connection refused"},
		{"nothing", "", nil, "timed out after 2m0s waiting for API server of demo"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := For(t.Context(), Options{What: "API server of demo", Budget: 2 * time.Minute},
					func(context.Context) (bool, string, error) { return false, tc.state, tc.err })
				if err == nil || err.Error() != tc.want {
					t.Errorf("got  %v\nwant %s", err, tc.want)
				}
				var typed *Error
				if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &typed) || typed.Budget != 2*time.Minute {
					t.Errorf("%#v", err)
				}
				if tc.err != nil && !errors.Is(err, tc.err) {
					t.Error("the last error is lost")
				}
			})
		})
	}
}

func TestALookThatTheBudgetCutsShortDoesNotHideTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		err := For(t.Context(), Options{What: "DNS", Budget: 5 * time.Second}, func(ctx context.Context) (bool, string, error) {
			if looks++; looks == 1 {
				return false, "no answer", nil
			}
			<-ctx.Done()
			return false, "", ctx.Err()
		})
		if want := "timed out after 5s waiting for DNS: last seen: no answer"; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func TestAnInterruptIsNotATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1500*time.Millisecond, cancel)
		err := For(ctx, Options{What: "nodes", Budget: time.Minute},
			func(context.Context) (bool, string, error) { return false, "1/3", context.DeadlineExceeded })
		if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if want := "interrupted after 1.5s of waiting for nodes: last seen: 1/3: context deadline exceeded"; err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})
}

func TestStopEndsTheWaitAtOnce(t *testing.T) {
	gone := errors.New("the container is gone")
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := For(t.Context(), Options{What: "systemd", Budget: time.Minute},
			func(context.Context) (bool, string, error) { return false, "", Stop(gone) })
		if !errors.Is(err, gone) || err.Error() != "wait for systemd: the container is gone" || time.Since(start) > 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestNoBudgetLooksOnce(t *testing.T) {
	looks := 0
	err := For(t.Context(), Options{What: "nodes"}, func(context.Context) (bool, string, error) {
		looks++
		return false, "1/3", nil
	})
	if looks != 1 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d looks, %v", looks, err)
	}
}

func TestSeeHearsEveryLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		looks := 0
		err := For(t.Context(), Options{What: "nodes", Budget: time.Minute, See: func(s string) { heard = append(heard, s) }},
			func(context.Context) (bool, string, error) { looks++; return looks == 3, "1/3", nil })
		if err != nil || len(heard) != 2 || heard[0] != "1/3" {
			t.Errorf("%v, heard %q", err, heard)
		}
	})
}
