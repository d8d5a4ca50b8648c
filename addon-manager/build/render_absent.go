//go:build !helm

package build

import (
	"errors"

	"sigs.k8s.io/kustomize/api/types"
)

// render needs Helm's engine, which this program was built without.
func (t tree) render(string, string, types.HelmChart) (map[string][]byte, error) {
	return nil, errors.New("this addon manager was built without Helm; commit what `helm template` prints")
}
