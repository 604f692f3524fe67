// Command chromium is Debian's Chromium, headless, as a client of the lab: ten requests at the times the
// mode asks for; see ../node/drive.js.
//
//	chromium MODE URL
//	chromium lines
//
// The first request loads a page, the server's answer as it is; the others are the page's own fetch(). But
// in "page" it is HTML, and the others are its images, and in "preconnect" the page is none of the server's.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// modes are what the page does once it is there, with those of helpers.
var modes = map[string]string{
	"page":     ``,
	"default":  `await inTurn(i => get(path(i)));`,
	"parallel": `await atOnce(2, 3, 4, 5); await pause(50); await atOnce(6, 7, 8, 9, 10);`,
	"idle":     `await inTurn(async i => { await get(path(i)); if (i === 5) await pause(1500); });`,
	"unread":   `await inTurn(async i => { await (await fetch(path(i, 'huge'))).body.cancel(); }, 2, 60);`,
	"drained":  `await inTurn(i => get(path(i, 'big')), 2, 60);`,
	"deadline": `await inTurn(i => get(path(i), {signal: AbortSignal.timeout(300)}).catch(late));`,

	"credentials": `await inTurn(i => get(path(i), {credentials: i % 2 ? 'include' : 'omit'}));`,

	// From a page that is elsewhere: without credentials then, unless the fetch asks for them.
	"preconnect":             `await preconnect(null); await inTurn(i => get(base + path(i)), 1);`,
	"preconnect-crossorigin": `await preconnect('anonymous'); await inTurn(i => get(base + path(i)), 1);`,
	"nocors":                 `await inTurn(i => get(base + path(i), {mode: 'no-cors'}), 1);`,
	"cors":                   `await inTurn(i => get(base + path(i)), 1);`,
}

// helpers are what the pages' scripts use.
const helpers = `
const pause = ms => new Promise(ok => setTimeout(ok, ms));
const path = (i, of = 'item') => '/' + of + '/' + i;
const get = async (url, options) => { await (await fetch(url, options)).arrayBuffer(); };
const atOnce = (...items) => Promise.all(items.map(i => get(path(i))));
const late = e => { if (!/abort|timeout/i.test(e.name)) throw e; };
const inTurn = async (one, first = 2, ms = 10) => {
  for (let i = first; i <= 10; i++) { await one(i); await pause(ms); }
};
const preconnect = crossOrigin => {
  document.head.append(Object.assign(document.createElement('link'), {rel: 'preconnect', href: base, crossOrigin}));
  return pause(100);
};
`

// patience is how long a browser may take for all.
const patience = time.Minute

// elsewhere is a page that is none of the server's.
const elsewhere = "data:text/html,<title>elsewhere</title>"

// start starts Chromium with a profile of its own, which end takes away. It takes the lab's certificate, as it
// takes any, and pages may ask the loopback. One that is free has pages ask any server for anything, and
// read it.
func start(free bool) (ctx context.Context, end func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-features", "LocalNetworkAccessChecks"), chromedp.Flag("disable-web-security", free))
	limited, late := context.WithTimeout(context.Background(), patience) // then it is killed, whatever it does
	allocator, stop := chromedp.NewExecAllocator(limited, options...)
	ctx, cancel := chromedp.NewContext(allocator)
	end = func() {
		cancel() // waits until the browser is gone
		stop()
		late()
	}
	if err := open(ctx, "about:blank"); err != nil {
		return ctx, end, err
	}
	// What is no page of HTML names no icon, and browsers ask for one then.
	icon := []*network.BlockPattern{{URLPattern: "*://*:*/favicon.ico", Block: true}}
	if _, err = chromedp.Call(ctx, network.Enable, network.EnableParams{}); err == nil {
		_, err = chromedp.Call(ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: icon})
	}
	return ctx, end, err
}

// open loads a page.
func open(ctx context.Context, url string) error {
	_, err := chromedp.Run(ctx, chromedp.Navigate(url))
	return err
}

// run has the page run the body of an asynchronous function to its end.
func run[T any](ctx context.Context, base, body string) (T, error) {
	script := fmt.Sprintf("(async () => { const base = %q; %s %s })()", base, helpers, body)
	return chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// drive does what a mode says.
func drive(ctx context.Context, mode, base string) error {
	script, ok := modes[mode]
	if !ok {
		return fmt.Errorf("no mode %s", mode)
	}
	first := base + "/item/1"
	switch {
	case mode == "page":
		first = base + "/page/1"
	case strings.HasPrefix(mode, "preconnect"), strings.HasSuffix(mode, "cors"):
		first = elsewhere
	}
	if err := open(ctx, first); err != nil {
		return err
	}
	_, err := run[chromedp.Void](ctx, base, script+`await pause(50);`)
	return err
}

// lines fetches URLs as they come on standard input, those that come together together, as TCPWARM_SCENARIO
// asks for.
func lines(ctx context.Context) error {
	if err := open(ctx, elsewhere); err != nil {
		return err
	}
	some := make([]byte, 1<<16)
	for {
		n, err := os.Stdin.Read(some)
		for _, e := range ask(ctx, strings.Fields(string(some[:n]))) {
			fmt.Fprintln(os.Stderr, e)
		}
		if err != nil {
			return nil
		}
	}
}

// asks is a page's script for the URLs of a list, those that come together. It returns what failed.
const asks = `
const how = {method: scenario === 'head' ? 'HEAD' : 'GET', headers: {}};
if (scenario === 'not-modified') how.headers['If-None-Match'] = '"1"';
const once = async (url, how) => {
  const r = await fetch(url, how);
  await (scenario.startsWith('unread') ? r.body.cancel() : r.arrayBuffer());
  return r.status;
};
const one = async url => {
  try {
    if (await once(url, how) === 401) await once(url, {...how, headers: {Authorization: 'Basic ' + btoa(user)}});
  } catch (e) {
    return String(e);
  }
};
return (await Promise.all(urls.map(one))).filter(Boolean);
`

// ask has the page ask for URLs, all at once, and returns what failed.
func ask(ctx context.Context, urls []string) []string {
	if len(urls) == 0 {
		return nil
	}
	list, err := json.Marshal(urls)
	if err != nil {
		return []string{err.Error()}
	}
	known := fmt.Sprintf("const urls = %s, scenario = %q, user = %q;\n", list, os.Getenv("TCPWARM_SCENARIO"),
		os.Getenv("TCPWARM_USER")+":"+os.Getenv("TCPWARM_PASSWORD"))
	failed, err := run[[]string](ctx, "", known+asks)
	if err != nil {
		failed = append(failed, err.Error())
	}
	return failed
}

func client() error {
	if len(os.Args) != 3 && (len(os.Args) != 2 || os.Args[1] != "lines") {
		return errors.New("usage: chromium MODE URL, or chromium lines")
	}
	ctx, end, err := start(len(os.Args) == 2)
	defer end()
	switch {
	case err != nil:
		return err
	case len(os.Args) == 2:
		return lines(ctx)
	}
	return drive(ctx, os.Args[1], os.Args[2])
}

func main() {
	if err := client(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
