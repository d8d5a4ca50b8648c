package wizard

import "testing"

func TestTheLocaleDecidesOnTheSigns(t *testing.T) {
	for _, c := range []struct {
		what string
		env  []string
		goos string
		want bool
	}{
		{"LANG says UTF-8", []string{"LANG", "de_DE.UTF-8"}, "linux", true},
		{"LC_ALL is stronger than LANG", []string{"LC_ALL", "C", "LANG", "de_DE.UTF-8"}, "linux", false},
		{"LC_CTYPE is stronger than LANG", []string{"LC_CTYPE", "C.utf8", "LANG", "C"}, "linux", true},
		{"nothing is said", []string{"LANG", ""}, "linux", false},
		{"nothing is said on a Mac", []string{"LANG", ""}, "darwin", true},
		{"nothing is said in Windows Terminal", []string{"LANG", "", "WT_SESSION", "1"}, "windows", true},
		{"nothing is said in the old console", []string{"LANG", ""}, "windows", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := utf8(env(c.env...), c.goos); got != c.want {
				t.Errorf("%t", got)
			}
		})
	}
}
