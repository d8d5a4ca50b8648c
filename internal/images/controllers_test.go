package images

import (
	"strconv"
	"strings"
	"testing"
)

// https://kubernetes.io/releases/version-skew-policy/#kube-controller-manager-kube-scheduler-and-cloud-controller-manager
func TestNoCloudControllerIsNewerThanTheAPIServer(t *testing.T) {
	for _, minor := range Minors() {
		for _, c := range []Component{AWSCloudController, GCECloudController, AzureCloudController} {
			tag := tagOf(For(minor, "").Ref(c))
			// Google's has the minor of Kubernetes in front: v35.0.0 is for 1.35.
			parts := strings.Split(strings.TrimPrefix(tag, "v"), ".")
			of := parts[1]
			if c == GCECloudController {
				of = parts[0]
			}
			n, err := strconv.Atoi(of)
			if err != nil || n > number(minor) || n < number(minor)-2 {
				t.Errorf("with Kubernetes %s, %s is %s (%v)", minor, c, tag, err)
			}
		}
	}
}
