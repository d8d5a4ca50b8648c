package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"turnup.dev/kubectl-turnup/addons"
	"turnup.dev/kubectl-turnup/internal/images"
)

// standIn is the image that takes fluentd's place: fluentd cannot be built from
// Go modules (test/images/README.md). It reads the same files and sends nothing.
const standIn = "test.turnup.dev/fluentd-stand-in:v1"

// logsAreRead brings the fluentd addon into the tree, with the stand-in for its
// image, and looks whether what a pod has written arrives.
func (c *cluster) logsAreRead(ctx context.Context, t *testing.T) {
	bundle, err := images.Open(c.bundle)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := bundle.Tar(&archive, standIn); err != nil {
		t.Fatal(err)
	}
	for _, m := range c.nodes.Machines {
		c.docker.must(ctx, t, m.Name, archive.String(), "ctr -n k8s.io images import -")
	}
	entries, err := addons.FS.ReadDir("fluentd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := addons.FS.ReadFile("fluentd/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, "fluentd/"+entry.Name(), string(data))
	}
	// The replacement would put the real image back.
	c.edit(t, "fluentd/daemonset.yaml", "image: fluentd", "image: "+standIn)
	c.edit(t, "fluentd/kustomization.yaml", "fieldPath: data.image_fluentd", "fieldPath: data.cluster_name")
	c.edit(t, "fluentd/kustomization.yaml", "containers.[name=fluentd].image", "containers.[name=fluentd].env.[name=LOG_REGION].value")
	c.publish(ctx, t, "Read the logs")
	t.Logf("every machine reads its logs %s after addons push", ms(c.awaitAddons(ctx, t, "fluentd")))

	took := await(ctx, t, "the log of pod client to be read", 30*time.Second, func(ctx context.Context) (bool, string, error) {
		pods, err := c.kube.CoreV1().Pods("fluentd").List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, "", err
		}
		var said []string
		for _, pod := range pods.Items {
			data, err := c.kube.CoreV1().RESTClient().Get().Namespace(pod.Namespace).Resource("pods").
				Name(pod.Name+":24220").SubResource("proxy").Suffix("lines").Param("text", "hello").DoRaw(ctx)
			if err != nil {
				return false, "", err
			}
			var files map[string]int
			if err := json.Unmarshal(data, &files); err != nil {
				return false, "", err
			}
			for file := range files {
				if strings.HasPrefix(file, "client_"+namespace+"_") {
					return true, "", nil
				}
			}
			said = append(said, fmt.Sprint(files))
		}
		return false, strings.Join(said, "; "), nil
	})
	t.Logf("the log of pod client was read %s later", ms(took))
	c.git(ctx, t, "rm", "-r", "--quiet", "fluentd")
	c.publish(ctx, t, "Read no more logs\n\nTurnup-Prune: approved")
	c.awaitAddons(ctx, t, "coredns")
}
