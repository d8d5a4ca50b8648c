package local

import (
	"testing"
	"time"

	"github.com/docker/docker/api/types/volume"
	"github.com/google/go-cmp/cmp"
)

func TestOldStoresExpireAndTheNewestStay(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	at := func(name string, age time.Duration) *volume.Volume {
		return &volume.Volume{Name: name, CreatedAt: now.Add(-age).Format(time.RFC3339)}
	}
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		stores  []*volume.Volume
		current string
		want    []string
	}{
		"none":                          {nil, "a", nil},
		"only the current one":          {[]*volume.Volume{at("a", 9*day)}, "a", nil},
		"the one before stays":          {[]*volume.Volume{at("old", 9*day), at("a", time.Minute)}, "a", nil},
		"older ones go":                 {[]*volume.Volume{at("oldest", 9*day), at("older", 3*day), at("before", 2*day)}, "a", []string{"older", "oldest"}},
		"the current one may be old":    {[]*volume.Volume{at("a", 9*day), at("b", 3*day), at("c", 2*day)}, "a", []string{"b"}},
		"one that was made just now":    {[]*volume.Volume{at("b", 10*time.Minute), at("c", 5*time.Minute)}, "a", nil},
		"one of which nobody knows age": {[]*volume.Volume{at("b", day), {Name: "c"}}, "a", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, v := range expired(c.stores, c.current, now) {
				got = append(got, v.Name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
