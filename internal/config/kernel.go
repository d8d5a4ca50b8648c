package config

import (
	"fmt"
	"slices"
)

// leastKernels are the oldest Linux kernels that makers of pod networks name, where
// Kubernetes itself would run on older ones.
// https://docs.tigera.io/calico/latest/getting-started/kubernetes/requirements
// https://docs.cilium.io/en/stable/operations/system_requirements/
func leastKernels() map[string][]int {
	return map[string][]int{"calico": {5, 10}, "cilium": {5, 10}}
}

// OldKernel says why a kernel, as `uname -r` names it, cannot carry the pod network
// network.provider; "" if it can, or nobody can tell.
func OldKernel(provider, release string) string {
	least, fussy := leastKernels()[provider]
	has := []int{0, 0}
	if n, _ := fmt.Sscanf(release, "%d.%d", &has[0], &has[1]); !fussy || n < 2 || slices.Compare(has, least) >= 0 {
		return ""
	}
	return fmt.Sprintf("the kernel is %s, and network.provider=%s needs %d.%d or newer", release, provider, least[0], least[1])
}
