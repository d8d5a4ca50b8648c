// Command addon-manager is the pod that makes a cluster like its addon tree.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"turnup.dev/kubectl-turnup/addon-manager/approve"
	"turnup.dev/kubectl-turnup/addon-manager/manager"
	"turnup.dev/kubectl-turnup/addon-manager/metrics"
)

// version is stamped by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == "lookup" {
		err = lookup(ctx, os.Stdout, os.Args[2:])
	} else {
		err = serve(ctx, os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

type flags struct {
	kubeconfig string
	identity   string
	listen     string
	interval   time.Duration
	json       bool
	approve    bool
	version    bool
}

func parse(args []string) (flags, error) {
	var f flags
	hostname, _ := os.Hostname() // Without one, the flag has to be given.
	set := flag.NewFlagSet("addon-manager", flag.ContinueOnError)
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "path of a kubeconfig; without it, the pod's service account")
	set.StringVar(&f.identity, "identity", env("POD_NAME", hostname), "name of this process in the lease; the same after a restart")
	set.StringVar(&f.listen, "listen", "127.0.0.1:10298", "address of /healthz, /readyz and /metrics; empty for none")
	set.DurationVar(&f.interval, "interval", time.Minute, "time between two passes over everything")
	set.BoolVar(&f.json, "log-json", false, "log JSON instead of text")
	set.BoolVar(&f.approve, "approve", true, "approve the certificates of kubelets on known machines")
	set.BoolVar(&f.version, "version", false, "print the version and exit")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	switch {
	case set.NArg() > 0:
		return f, fmt.Errorf("unknown argument %q; there is one subcommand, lookup", set.Arg(0))
	case f.identity == "":
		return f, errors.New("no host name; set --identity")
	case f.interval < time.Second:
		return f, fmt.Errorf("--interval %s is less than a second", f.interval)
	}
	return f, nil
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func serve(ctx context.Context, args []string) error {
	f, err := parse(args)
	if err != nil {
		return err
	}
	if f.version {
		fmt.Println(version)
		return nil
	}
	// Small garbage, often collected: the limit of the pod's memory is tight.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	log := logger(f.json)
	counters := metrics.New()
	counters.CountRequests()
	config, err := connect(f.kubeconfig)
	if err != nil {
		return err
	}
	m, err := manager.New(config, manager.Options{Interval: f.interval, Log: log, Metrics: counters})
	if err != nil {
		return err
	}
	approver, err := approve.New(config, log)
	if err != nil {
		return err
	}
	log.Info("addon manager", "version", version, "server", config.Host, "identity", f.identity)
	if f.listen != "" {
		go listen(ctx, f.listen, m, counters.Handler(), log)
	}
	return manager.Lead(ctx, config, f.identity, func(ctx context.Context) error {
		log.Info("this manager acts now")
		if f.approve {
			go approver.Run(ctx)
		}
		return m.Run(ctx)
	})
}

func logger(asJSON bool) *slog.Logger {
	var handler slog.Handler = slog.NewTextHandler(os.Stderr, nil)
	if asJSON {
		handler = slog.NewJSONHandler(os.Stderr, nil)
	}
	// client-go logs through klog.
	klog.SetLogger(logr.FromSlogHandler(handler))
	return slog.New(handler)
}

func connect(kubeconfig string) (*rest.Config, error) {
	var config *rest.Config
	var err error
	if kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", kubeconfig)
	} else {
		config, err = rest.InClusterConfig()
	}
	if err != nil {
		return nil, fmt.Errorf("find the API server: %w (outside a pod, give --kubeconfig)", err)
	}
	config.UserAgent = "turnup-addon-manager/" + version
	config.QPS = -1
	return config, nil
}

// listen serves health and metrics. A port that is taken is no reason to leave
// the cluster without its addons.
func listen(ctx context.Context, address string, m *manager.Manager, counters http.Handler, log *slog.Logger) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !m.Working() {
			http.Error(w, "reading what earlier managers own", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("GET /metrics", counters)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		if err := server.Close(); err != nil {
			log.Warn("health and metrics not closed", "error", err)
		}
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Warn("health and metrics are not served", "error", err)
	}
}
