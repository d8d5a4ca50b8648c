package terraform_test

import (
	"testing"
)

func TestTheTestProviderBehaves(t *testing.T) {
	s := newTinySite(t)
	file, err := s.Apply(t.Context())
	ok(t, err)
	if len(file.Machines) != 2 || file.Endpoint != "10.0.1.10:6443" {
		t.Errorf("got %+v", file)
	}
	s.planIsEmpty(t, "right after apply")
	ok(t, s.Destroy(t.Context()))
	s.isEmpty(t, "after destroy")
}
