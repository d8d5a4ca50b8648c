package inventory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"turnup.dev/kubectl-turnup/addon-manager/object"
)

func TestAnInventoryReadsAsItWasWritten(t *testing.T) {
	inventory := Inventory{}
	for _, name := range []string{"b", "a"} {
		ref := object.Ref{Group: "apps", Kind: "Deployment", Namespace: "n", Name: name}
		inventory[ref] = Entry{Ref: ref, Version: "v1", UID: "u" + name, Hash: "h", Print: "p"}
	}
	data := encode(inventory)
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inventory, got); diff != "" {
		t.Error(diff)
	}
	if lines := strings.Split(string(data), "\n"); len(lines) != 5 || !strings.Contains(lines[1], `"name":"a"`) {
		t.Errorf("not one ordered object per line:\n%s", data)
	}
}

func TestAnInventoryThatCannotBeReadIsNotAnEmptyOne(t *testing.T) {
	for _, data := range []string{"", "[{", "{}", `[{"kind": 1}]`} {
		if inventory, err := decode([]byte(data)); err == nil {
			t.Errorf("%q is read as %v", data, inventory)
		}
	}
}
