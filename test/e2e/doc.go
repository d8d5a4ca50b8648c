// Package e2e makes real clusters in Docker with the real plugin and tries
// everything on them: `make e2e`. `make bench` measures there.
//
// Both find what they try in the environment: KUBECTL_TURNUP is the path of the
// plugin, TURNUP_BUNDLE the directory of the image bundle. Without them the
// tests are skipped, so that `go test ./...` makes no clusters.
package e2e
