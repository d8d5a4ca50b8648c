package config

import "testing"

func TestAKernelTooOldForThePodNetworkIsNamed(t *testing.T) {
	for _, tc := range []struct {
		provider, release string
		old               bool
	}{
		{"calico", "4.18.0-553.el8_10.x86_64", true},
		{"cilium", "5.4.0-216-generic", true},
		{"cilium", "5.10.0-21-amd64", false},
		{"cilium", "6.1", false},
		{"flannel", "4.18.0", false},
		{"cilium", "", false},
		{"cilium", "next", false},
	} {
		if why := OldKernel(tc.provider, tc.release); (why != "") != tc.old {
			t.Errorf("%s on %s: %q", tc.provider, tc.release, why)
		}
	}
}
