package turnup

import (
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// age is a time as kubectl shows it.
func age(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	return duration.HumanDuration(d)
}
