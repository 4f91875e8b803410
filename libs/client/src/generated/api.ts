/** Written by `npm run openapi` from docs/openapi.json. */

export interface paths {
    "/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Places an order
         * @description For the customer that it is about, and for operators.
         */
        post: operations["Orders.place"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An order
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Orders.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancels an order
         * @description For the customer that it is about, and for operators.
         */
        post: operations["Orders.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users by e-mail address, or by the beginning of their name
         * @description For operators.
         */
        get: operations["Users.search"];
        put?: never;
        /**
         * Registers a user
         * @description For operators.
         */
        post: operations["Users.register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A user
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Users.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Changes a user’s name or e-mail address
         * @description For the customer that it is about, and for operators.
         */
        patch: operations["Users.change"];
        trace?: never;
    };
    "/v1/users/{id}/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A user’s orders, newest first
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Users.ordersOf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/email-confirmations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirms an e-mail address by its link
         * @description Needs no token.
         */
        post: operations["EmailConfirmations.confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The catalogue, or the product with a SKU
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Products.list"];
        put?: never;
        /**
         * Adds a product to the catalogue
         * @description For operators.
         */
        post: operations["Products.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/products/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A product
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Products.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/products/{id}/stock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Sets how many units of a product there are
         * @description For operators.
         */
        put: operations["Products.setStock"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/recommendations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Products that go with what a user has bought
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Recommendations.forUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/products/{id}/recommendations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Products that were bought together with one
         * @description For the customer that it is about, and for operators.
         */
        get: operations["Recommendations.forProduct"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Asks for a report, which is made in the background
         * @description For operators.
         */
        post: operations["Reports.request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far a report is, and the link to it
         * @description For operators.
         */
        get: operations["Reports.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/replicas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The database nodes, as the process that answers sees them
         * @description For operators.
         */
        get: operations["Replicas.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/shards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The shards, as the process that answers has them
         * @description For operators.
         */
        get: operations["Shards.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/shards/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plans a change of the ring, and changes nothing
         * @description For operators.
         */
        post: operations["Shards.plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/shards/plan/rebalance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Has a plan made that evens the shards out
         * @description For operators.
         */
        post: operations["Shards.planRebalance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/migrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Migrations of slots, newest first
         * @description For operators.
         */
        get: operations["Migrations.list"];
        put?: never;
        /**
         * Begins to move slots between shards, or says which
         * @description For operators.
         */
        post: operations["Migrations.begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/migrations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far a migration is
         * @description For operators.
         */
        get: operations["Migrations.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/migrations/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Halts a migration after the step in hand
         * @description For operators.
         */
        post: operations["Migrations.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/migrations/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Has a migration go on
         * @description For operators.
         */
        post: operations["Migrations.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/migrations/{id}/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a migration back
         * @description For operators.
         */
        post: operations["Migrations.abort"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/migrations/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes a migration back, also slots that are handed off
         * @description For operators.
         */
        post: operations["Migrations.rollback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/cache": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The cache, as the process that answers sees it
         * @description For operators.
         */
        get: operations["Cache.show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/cache/warm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Warms the cache of the process that answers
         * @description For operators.
         */
        post: operations["Cache.warm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/cache/{namespace}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Drops one value from the cache
         * @description For operators.
         */
        delete: operations["Cache.invalidate"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/cache/{namespace}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Drops all values of a namespace from the cache
         * @description For operators.
         */
        delete: operations["Cache.invalidateAll"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Dead letters, newest first
         * @description For operators.
         */
        get: operations["DeadLetters.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A dead letter with its payload and history
         * @description For operators.
         */
        get: operations["DeadLetters.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/dead-letters/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delivers many dead letters again, or says which
         * @description For operators.
         */
        post: operations["DeadLetters.redriveAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/dead-letters/{id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delivers a dead letter again
         * @description For operators.
         */
        post: operations["DeadLetters.redrive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/dead-letters/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discards a dead letter
         * @description For operators.
         */
        post: operations["DeadLetters.discard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/queues": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The queues, as all processes share them
         * @description For operators.
         */
        get: operations["Queues.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/queues/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pauses a queue
         * @description For operators.
         */
        post: operations["Queues.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/queues/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resumes a queue
         * @description For operators.
         */
        post: operations["Queues.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/queues/{name}/run-now": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs a scheduled queue now
         * @description For operators.
         */
        post: operations["Queues.runNow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/funnel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of orders, hour by hour
         * @description For operators.
         */
        get: operations["Funnel.hours"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What operators have done, newest first
         * @description For operators.
         */
        get: operations["Audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Order: {
            id: string;
            userId: string;
            /** @enum {string} */
            status: "pending" | "confirmed" | "rejected" | "cancelled";
            items: {
                productId: string;
                quantity: number;
                unitPrice: components["schemas"]["Money"];
            }[];
            total: components["schemas"]["Money"];
            shippingAddress: string;
            /** Format: date-time */
            createdAt: string;
            rejectionReason?: string;
        };
        Money: {
            /** @description In minor units */
            amount: number;
            currency: string;
        };
        Problem: {
            /** Format: uri */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description Stable; listed in docs/errors.md */
            code: string;
            requestId: string;
            errors?: {
                path: string;
                message: string;
            }[];
        };
        User: {
            id: string;
            name: string;
            /** Format: email */
            email: string;
            /** Format: date-time */
            createdAt: string;
        };
        Product: {
            id: string;
            sku: string;
            name: string;
            price: components["schemas"]["Money"];
            stock: number;
        };
        DatabaseNode: {
            node: string;
            /** @enum {string} */
            role: "primary" | "replica";
            /** @description host:port */
            address: string;
            /** @enum {string} */
            state: "primary" | "healthy" | "suspect" | "ejected" | "probing" | "slow-start";
            lagMs: number | null;
            pool: {
                size: number;
                used: number;
                idle: number;
                pending: number;
            };
            readShareLastMinute: number | null;
        };
        ShardMigration: {
            id: string;
            /** @enum {string} */
            kind: "add" | "remove" | "rebalance";
            /** @description That is added or removed */
            shard: string | null;
            /** @enum {string} */
            state: "planned" | "capture" | "copy" | "catch-up" | "verify" | "frozen" | "handed-off" | "reverse" | "purging" | "purged" | "rolling-back" | "aborting" | "aborted";
            /**
             * @description What was last asked of it
             * @enum {string}
             */
            wanted: "run" | "pause" | "abort";
            /** @description Null once it is over */
            progress: {
                /** @description From 1 on; null on the way back */
                step: number | null;
                steps: number;
                /** @description Parts of this step, most of them batches of slots */
                done: number;
                of: number;
                /** @description Left of this step; null while no part of it is done */
                etaMs: number | null;
            } | null;
            /** @description Of slots that are handed off together */
            batches: number;
            /** @description Batches that the receivers own, or owned before it was taken back */
            handedOff: number;
            /** @description Of the slots that move, as they were counted for the plan */
            rowsTotal: number;
            /** @description More than the total where rows were written meanwhile, or copied anew */
            rowsCopied: number;
            /** @description Slots that differed when they were compared, and were copied anew */
            mismatches: number;
            /** @description For how long writes of one batch waited at most */
            longestFreezeMs: number;
            /** @description The last fault; once it is over, why it was taken back */
            error: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            stateSince: string;
        };
        DeadLetterSummary: {
            id: string;
            queue: string;
            jobId: string;
            messageId: string;
            /** @enum {string} */
            reason: "attempts" | "unrecoverable" | "stalled" | "timeout" | "invalid-payload";
            /** @enum {string} */
            status: "open" | "redriven" | "settled" | "discarded";
            /** @description Of the last attempt */
            error: string;
            attempts: number;
            stalls: number;
            autoRedrives: number;
            /** @description null: an operator has to decide */
            autoRedriveAt: string | null;
            enqueuedAt: string | null;
            /** Format: date-time */
            failedAt: string;
            /** Format: date-time */
            recordedAt: string;
            resolvedBy: string | null;
            resolvedAt: string | null;
        };
        Queue: {
            name: string;
            counts: {
                waiting: number;
                active: number;
                /** @description Not due yet: most of them wait for their next try; the next run of a schedule */
                delayed: number;
                failed: number;
                /** @description What waits on a queue that is paused */
                paused: number;
            };
            paused: boolean;
            /** @description Of the job that is next in line; null when none waits */
            oldestWaitingMs: number | null;
            /** @description Processes that work it off, by their heartbeats of the last 15 s */
            workers: number;
            /** @description Jobs at once in one worker process */
            concurrency: number;
            /** @description The first try included */
            attempts: number;
            /** @enum {string} */
            priority: "high" | "normal" | "low";
            /** @enum {string} */
            isolation: "in-process" | "child-process";
            /** @description Null for a queue that nothing runs by the clock */
            schedule: {
                cron: string;
                timeZone: string;
                /** @description In the past while no worker takes it */
                nextRunAt: string | null;
                lastRun: {
                    /** Format: date-time */
                    startedAt: string;
                    endedAt: string | null;
                    /**
                     * @description interrupted: its worker is gone, and its job is delivered again
                     * @enum {string}
                     */
                    outcome: "running" | "succeeded" | "failed" | "interrupted";
                } | null;
                lastSuccessAt: string | null;
                /**
                 * Format: date-time
                 * @description When a worker first declared it
                 */
                since: string;
                /**
                 * Format: date-time
                 * @description The third tick after the last success
                 */
                overdueAfter: string;
            } | null;
        };
        OperatorAction: {
            id: string;
            /**
             * Format: date-time
             * @description When it began
             */
            at: string;
            /** @description `sub` of the token */
            actor: string;
            /** @description Method and route */
            action: string;
            /** @description The path that was asked for */
            target: string;
            /** @description Where the request came from */
            address: string;
            requestId: string;
            /** @description Of the answer; null while there is none, or where it is not known */
            status: number | null;
        };
    };
    responses: {
        /** @description No such user; No such product */
        NotFound: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "product-not-found" | "user-not-found";
                };
            };
        };
        /** @description Not enough in stock; A request with this Idempotency-Key is still running */
        Conflict: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "idempotency-in-progress" | "insufficient-stock";
                };
            };
        };
        /** @description The total is too large; The Idempotency-Key belongs to another request */
        UnprocessableEntity: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "idempotency-key-reused" | "order-too-large";
                };
            };
        };
        /** @description An Idempotency-Key is needed; The request can’t be read; The request is not valid; The body is not JSON */
        BadRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "bad-request" | "idempotency-key-missing" | "malformed-json" | "validation-failed";
                };
            };
        };
        /** @description Too many orders; Too many requests at once; Too many requests in a short time */
        TooManyRequests: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "order-quota-exceeded" | "rate-limited" | "too-many-requests";
                };
            };
        };
        /** @description The request came too slowly */
        RequestTimeout: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "request-timeout";
                };
            };
        };
        /** @description The body must be JSON */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "unsupported-media-type";
                };
            };
        };
        /** @description An expectation that is not known */
        ExpectationFailed: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "expectation-failed";
                };
            };
        };
        /** @description This process does not serve such requests */
        MisdirectedRequest: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "misdirected-request";
                };
            };
        };
        /** @description The headers are too large */
        RequestHeaderFieldsTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "headers-too-large";
                };
            };
        };
        /** @description Something went wrong here */
        InternalServerError: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "internal-error";
                };
            };
        };
        /** @description This process is stopping; The database has no connection free; A database does not answer; A database query took too long; Others are changing the same data; Shard unavailable; No ids available; More requests than can be answered; The request took too long and was given up; Too many loads at once; Loading took too long; Tokens can’t be checked */
        ServiceUnavailable: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "auth-unavailable" | "cache-load-limit" | "cache-load-timeout" | "database-busy" | "database-contended" | "database-timeout" | "database-unavailable" | "deadline-exceeded" | "id-lease-lost" | "overloaded" | "service-stopping" | "shard-unavailable";
                };
            };
        };
        /** @description The body is too large */
        PayloadTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "body-too-large";
                };
            };
        };
        /** @description A token is needed; The token is not valid; The token has expired */
        Unauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "token-expired" | "token-invalid" | "token-missing";
                };
            };
        };
        /** @description No such order */
        NotFound2: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "order-not-found";
                };
            };
        };
        /** @description The request can’t be read; The request is not valid */
        BadRequest2: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "bad-request" | "validation-failed";
                };
            };
        };
        /** @description Too many requests at once; Too many requests in a short time */
        TooManyRequests2: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "rate-limited" | "too-many-requests";
                };
            };
        };
        /** @description The order can’t be cancelled */
        Conflict2: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "order-not-cancellable";
                };
            };
        };
        /** @description The request can’t be read; The request is not valid; The body is not JSON */
        BadRequest3: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "bad-request" | "malformed-json" | "validation-failed";
                };
            };
        };
        /** @description The e-mail address belongs to another user */
        Conflict3: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "email-taken";
                };
            };
        };
        /** @description The e-mail address could not be kept reserved; This process is stopping; The database has no connection free; A database does not answer; A database query took too long; Others are changing the same data; Shard unavailable; No ids available; More requests than can be answered; The request took too long and was given up; Too many loads at once; Loading took too long; Tokens can’t be checked */
        ServiceUnavailable2: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "auth-unavailable" | "cache-load-limit" | "cache-load-timeout" | "database-busy" | "database-contended" | "database-timeout" | "database-unavailable" | "deadline-exceeded" | "email-reservation-lost" | "id-lease-lost" | "overloaded" | "service-stopping" | "shard-unavailable";
                };
            };
        };
        /** @description Not allowed */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "forbidden";
                };
            };
        };
        /** @description The request can’t be read; The request is not valid; Invalid cursor */
        BadRequest4: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "bad-request" | "invalid-cursor" | "validation-failed";
                };
            };
        };
        /** @description No such user */
        NotFound3: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "user-not-found";
                };
            };
        };
        /** @description Changed meanwhile */
        PreconditionFailed: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "changed-meanwhile";
                };
            };
        };
        /** @description An If-Match is needed */
        PreconditionRequired: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "if-match-missing";
                };
            };
        };
        /** @description Too many changes of the e-mail address; Too many requests at once; Too many requests in a short time */
        TooManyRequests3: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "rate-limited" | "too-many-email-changes" | "too-many-requests";
                };
            };
        };
        /** @description The link is not good any more */
        Gone: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "email-link-invalid";
                };
            };
        };
        /** @description The e-mail address could not be kept reserved; This process is stopping; The database has no connection free; A database does not answer; A database query took too long; Others are changing the same data; Shard unavailable; No ids available; More requests than can be answered; The request took too long and was given up; Too many loads at once; Loading took too long */
        ServiceUnavailable3: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "cache-load-limit" | "cache-load-timeout" | "database-busy" | "database-contended" | "database-timeout" | "database-unavailable" | "deadline-exceeded" | "email-reservation-lost" | "id-lease-lost" | "overloaded" | "service-stopping" | "shard-unavailable";
                };
            };
        };
        /** @description Too many requests in a short time */
        TooManyRequests4: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "rate-limited";
                };
            };
        };
        /** @description No such product */
        NotFound4: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "product-not-found";
                };
            };
        };
        /** @description The SKU belongs to another product */
        Conflict4: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "sku-taken";
                };
            };
        };
        /** @description The Idempotency-Key belongs to another request */
        UnprocessableEntity2: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "idempotency-key-reused";
                };
            };
        };
        /** @description A request with this Idempotency-Key is still running */
        Conflict5: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "idempotency-in-progress";
                };
            };
        };
        /** @description No such report */
        NotFound5: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "report-not-found";
                };
            };
        };
        /** @description Invalid change of the ring */
        UnprocessableEntity3: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "invalid-ring-change";
                };
            };
        };
        /** @description Migration running */
        Conflict6: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "migration-running";
                };
            };
        };
        /** @description Invalid change of the ring; Invalid migration of slots */
        UnprocessableEntity4: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "invalid-migration" | "invalid-ring-change";
                };
            };
        };
        /** @description Unknown migration */
        NotFound6: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "migration-not-found";
                };
            };
        };
        /** @description Migration in another state */
        Conflict7: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "migration-state";
                };
            };
        };
        /** @description No such cache namespace */
        NotFound7: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "cache-namespace-not-found";
                };
            };
        };
        /** @description No such dead letter */
        NotFound8: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "dead-letter-not-found";
                };
            };
        };
        /** @description The dead letter is not open any more; The message is under way already */
        Conflict8: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "dead-letter-resolved" | "dead-letter-under-way";
                };
            };
        };
        /** @description The message can’t be delivered as it is */
        UnprocessableEntity5: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "dead-letter-undeliverable";
                };
            };
        };
        /** @description The queues can’t be reached; This process is stopping; The database has no connection free; A database does not answer; A database query took too long; Others are changing the same data; Shard unavailable; No ids available; More requests than can be answered; The request took too long and was given up; Too many loads at once; Loading took too long; Tokens can’t be checked */
        ServiceUnavailable4: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "auth-unavailable" | "cache-load-limit" | "cache-load-timeout" | "database-busy" | "database-contended" | "database-timeout" | "database-unavailable" | "deadline-exceeded" | "id-lease-lost" | "overloaded" | "queue-unavailable" | "service-stopping" | "shard-unavailable";
                };
            };
        };
        /** @description No such queue */
        NotFound9: {
            headers: {
                Warning: components["headers"]["Warning"];
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "queue-not-found";
                };
            };
        };
        /** @description The queue has no schedule; A run is under way */
        Conflict9: {
            headers: {
                "X-Request-Id": components["headers"]["X-Request-Id"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {unknown} */
                    code?: "queue-not-scheduled" | "run-under-way";
                };
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description A private cache may keep the answer, and has to ask each time whether it is still the same */
        "Cache-Control": string;
        /** @description The version of what was answered, for `If-None-Match` and `If-Match` */
        ETag: string;
        /** @description `true`: the answer of the first request with this key */
        "Idempotency-Replayed": string;
        /** @description Where what was made can be read */
        Location: string;
        /** @description What is left of a limit in a time, `r`, and the seconds until more is, `t` */
        RateLimit: string;
        /** @description The limit: `q` units in `w` seconds */
        "RateLimit-Policy": string;
        /** @description Seconds after which the same request may be sent again */
        "Retry-After": string;
        /** @description `110`: the primary could not be reached, so the answer may lack the last writes */
        Warning: string;
        /** @description How to authenticate: `Bearer` */
        "WWW-Authenticate": string;
        /** @description Send it with a read that has to see this write */
        "X-Consistency-Token": string;
        /** @description Names the request in the logs */
        "X-Request-Id": string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "Orders.place": {
        parameters: {
            query?: never;
            header: {
                /** @description New for each thing that is asked for, the same when the request is sent again; 24 hours */
                "Idempotency-Key": string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    userId: string;
                    items: {
                        productId: string;
                        quantity: number;
                    }[];
                    shippingAddress: string;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Orders.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound2"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Orders.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Order"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound2"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict2"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Users.search": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                email?: string;
                namePrefix?: string;
            };
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["User"][];
                        nextCursor: string | null;
                        partial: boolean;
                        unavailableShards: string[];
                    };
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest4"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Users.register": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** Format: email */
                    email: string;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict3"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable2"];
        };
    };
    "Users.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound3"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Users.change": {
        parameters: {
            query?: never;
            header: {
                /** @description The ETag that was read, or * */
                "If-Match": string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string;
                    /** Format: email */
                    email?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound3"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict3"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests3"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable2"];
        };
    };
    "Users.ordersOf": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Order"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest4"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound3"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "EmailConfirmations.confirm": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "confirmed";
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            408: components["responses"]["RequestTimeout"];
            410: components["responses"]["Gone"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests4"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable3"];
        };
    };
    "Products.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                sku?: string;
            };
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Product"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest4"];
            401: components["responses"]["Unauthorized"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Products.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    sku: string;
                    name: string;
                    price: {
                        amount: number;
                        /** @constant */
                        currency: "GBP";
                    };
                    stock: number;
                };
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict4"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Products.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound4"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Products.setStock": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    stock: number;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Product"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound4"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Recommendations.forUser": {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Product"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound3"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Recommendations.forProduct": {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Product"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    Warning: components["headers"]["Warning"];
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            404: components["responses"]["NotFound4"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Reports.request": {
        parameters: {
            query?: never;
            header: {
                /** @description New for each thing that is asked for, the same when the request is sent again; 24 hours */
                "Idempotency-Key": string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    type: "sales";
                    /** @enum {string} */
                    format: "pdf" | "xlsx";
                    /** Format: date */
                    from: string;
                    /** Format: date */
                    to: string;
                    /** Format: email */
                    email: string;
                };
            };
        };
        responses: {
            /** @description Done */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Idempotency-Replayed": components["headers"]["Idempotency-Replayed"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        type: "sales";
                        /** @enum {string} */
                        format: "pdf" | "xlsx";
                        /** Format: date */
                        from: string;
                        /** Format: date */
                        to: string;
                        /** Format: email */
                        email: string;
                        /** @enum {string} */
                        status: "queued" | "running" | "done" | "failed";
                        percent: number;
                        /** @description Good for 15 minutes; null until the report is done */
                        url: string | null;
                        /** Format: date-time */
                        createdAt: string;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict5"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            422: components["responses"]["UnprocessableEntity2"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Reports.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of an earlier answer, a list of them, or * */
                "If-None-Match"?: string;
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        type: "sales";
                        /** @enum {string} */
                        format: "pdf" | "xlsx";
                        /** Format: date */
                        from: string;
                        /** Format: date */
                        to: string;
                        /** Format: email */
                        email: string;
                        /** @enum {string} */
                        status: "queued" | "running" | "done" | "failed";
                        percent: number;
                        /** @description Good for 15 minutes; null until the report is done */
                        url: string | null;
                        /** Format: date-time */
                        createdAt: string;
                    };
                };
            };
            /** @description The answer is still the one with that ETag */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound5"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Replicas.list": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DatabaseNode"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Shards.list": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        epoch: number;
                        /** @description How keys become slots */
                        hashId: string;
                        /** @description Most rows of an active shard for its weight, over the fewest; 1 is even */
                        balance: number | null;
                        shards: {
                            shard: string;
                            /** @enum {string} */
                            state: "active" | "draining";
                            weight: number;
                            /** @description Of 16,384 */
                            slots: number;
                            /** @description By table, estimated; null when unknown */
                            rows: {
                                [key: string]: number;
                            } | null;
                            /** @description Null where the process that answers has no URL of the shard */
                            health: {
                                up: boolean;
                                /** @enum {string} */
                                breaker: "closed" | "open" | "half-open";
                                latencyMs: number;
                                reason?: string;
                            } | null;
                        }[];
                        /** @description In the last whole minute; of each shard the hottest first */
                        hotKeys: {
                            shard: string;
                            key: string;
                            /** @description Of what the process that answers asked of the shard */
                            share: number;
                            perSecond: number;
                        }[];
                        /** @description What the last plan of the last day that Alertmanager or an operator asked for comes to */
                        rebalancePlan: {
                            /** Format: date-time */
                            plannedAt: string;
                            /** @description Out of date where it is not the epoch of now */
                            fromEpoch: number;
                            slotsMoved: number;
                            shareMoved: number;
                            balanceBefore: number | null;
                            balanceAfter: number | null;
                        } | null;
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Shards.plan": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "add";
                    shard: string;
                    /** @default 1 */
                    weight?: number;
                    /** @default false */
                    countRows?: boolean;
                } | {
                    /** @constant */
                    kind: "remove";
                    shard: string;
                    /** @default false */
                    countRows?: boolean;
                } | {
                    /** @constant */
                    kind: "weight";
                    shard: string;
                    weight: number;
                    /** @default false */
                    countRows?: boolean;
                } | {
                    /** @constant */
                    kind: "rebalance";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Of the topology that the plan starts from */
                        fromEpoch: number;
                        moves: {
                            /** @description First slot */
                            from: number;
                            /** @description Last slot */
                            to: number;
                            donor: string;
                            receiver: string;
                        }[];
                        report: {
                            slotsMoved: number;
                            shareMoved: number;
                            balanceBefore: number | null;
                            balanceAfter: number | null;
                            shards: {
                                shard: string;
                                weightBefore: number;
                                weightAfter: number;
                                slotsBefore: number;
                                slotsAfter: number;
                                rowsBefore?: number;
                                rowsAfter?: number;
                            }[];
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            422: components["responses"]["UnprocessableEntity3"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Shards.planRebalance": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            202: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "started" | "running";
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ShardMigration"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest4"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "add";
                    shard: string;
                    /** @default 1 */
                    weight?: number;
                    url?: {
                        file: string;
                    };
                    /** @default false */
                    dryRun?: boolean;
                } | {
                    /** @constant */
                    kind: "remove";
                    shard: string;
                    /** @default false */
                    dryRun?: boolean;
                } | {
                    /** @constant */
                    kind: "rebalance";
                    maxRows?: number;
                    /** @default false */
                    dryRun?: boolean;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        dryRun: true;
                        /** @enum {string} */
                        kind: "add" | "remove" | "rebalance";
                        /** @description That is added or removed */
                        shard: string | null;
                        /** @description Of the slots that move, as they were counted for the plan */
                        rowsTotal: number;
                        /** @description Batches, in the order in which they are moved */
                        moves: {
                            /** @description First slot */
                            from: number;
                            /** @description Last slot */
                            to: number;
                            donor: string;
                            receiver: string;
                        }[];
                        report: {
                            slotsMoved: number;
                            shareMoved: number;
                            balanceBefore: number | null;
                            balanceAfter: number | null;
                            shards: {
                                shard: string;
                                weightBefore: number;
                                weightAfter: number;
                                slotsBefore: number;
                                slotsAfter: number;
                                rowsBefore?: number;
                                rowsAfter?: number;
                            }[];
                        };
                        /** @description What a rebalance would move beyond its maxRows */
                        leftOut?: {
                            rows: number;
                            /** @description Of the whole plan */
                            balanceAfter: number | null;
                        };
                        /** @description Slots with more rows than a shard should have: they are not split */
                        overfull: {
                            slot: number;
                            shard: string;
                            rows: number;
                            /** @description Of all rows */
                            share: number;
                            /** @description That most of its rows are of */
                            key?: {
                                key: string;
                                rows: number;
                                /** @description Of the rows of its slot */
                                share: number;
                            };
                        }[];
                    };
                };
            };
            /** @description Done */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        kind: "add" | "remove" | "rebalance";
                        /** @description That is added or removed */
                        shard: string | null;
                        /** @enum {string} */
                        state: "planned" | "capture" | "copy" | "catch-up" | "verify" | "frozen" | "handed-off" | "reverse" | "purging" | "purged" | "rolling-back" | "aborting" | "aborted";
                        /**
                         * @description What was last asked of it
                         * @enum {string}
                         */
                        wanted: "run" | "pause" | "abort";
                        /** @description Null once it is over */
                        progress: {
                            /** @description From 1 on; null on the way back */
                            step: number | null;
                            steps: number;
                            /** @description Parts of this step, most of them batches of slots */
                            done: number;
                            of: number;
                            /** @description Left of this step; null while no part of it is done */
                            etaMs: number | null;
                        } | null;
                        /** @description Of slots that are handed off together */
                        batches: number;
                        /** @description Batches that the receivers own, or owned before it was taken back */
                        handedOff: number;
                        /** @description Of the slots that move, as they were counted for the plan */
                        rowsTotal: number;
                        /** @description More than the total where rows were written meanwhile, or copied anew */
                        rowsCopied: number;
                        /** @description Slots that differed when they were compared, and were copied anew */
                        mismatches: number;
                        /** @description For how long writes of one batch waited at most */
                        longestFreezeMs: number;
                        /** @description The last fault; once it is over, why it was taken back */
                        error: string | null;
                        /** Format: date-time */
                        createdAt: string;
                        /** Format: date-time */
                        stateSince: string;
                        /** @constant */
                        dryRun: false;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict6"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            422: components["responses"]["UnprocessableEntity4"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        kind: "add" | "remove" | "rebalance";
                        /** @description That is added or removed */
                        shard: string | null;
                        /** @enum {string} */
                        state: "planned" | "capture" | "copy" | "catch-up" | "verify" | "frozen" | "handed-off" | "reverse" | "purging" | "purged" | "rolling-back" | "aborting" | "aborted";
                        /**
                         * @description What was last asked of it
                         * @enum {string}
                         */
                        wanted: "run" | "pause" | "abort";
                        /** @description Null once it is over */
                        progress: {
                            /** @description From 1 on; null on the way back */
                            step: number | null;
                            steps: number;
                            /** @description Parts of this step, most of them batches of slots */
                            done: number;
                            of: number;
                            /** @description Left of this step; null while no part of it is done */
                            etaMs: number | null;
                        } | null;
                        /** @description Of slots that are handed off together */
                        batches: number;
                        /** @description Batches that the receivers own, or owned before it was taken back */
                        handedOff: number;
                        /** @description Of the slots that move, as they were counted for the plan */
                        rowsTotal: number;
                        /** @description More than the total where rows were written meanwhile, or copied anew */
                        rowsCopied: number;
                        /** @description Slots that differed when they were compared, and were copied anew */
                        mismatches: number;
                        /** @description For how long writes of one batch waited at most */
                        longestFreezeMs: number;
                        /** @description The last fault; once it is over, why it was taken back */
                        error: string | null;
                        /** Format: date-time */
                        createdAt: string;
                        /** Format: date-time */
                        stateSince: string;
                        /** @description Captured writes that wait to be carried over; null while a shard that has them does not answer */
                        logRows: number | null;
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound6"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShardMigration"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound6"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict7"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShardMigration"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound6"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict7"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.abort": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShardMigration"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound6"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict7"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Migrations.rollback": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShardMigration"];
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound6"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict7"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Cache.show": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        namespaces: {
                            [key: string]: {
                                l1Hits: number;
                                l1Misses: number;
                                l2Hits: number;
                                l2Misses: number;
                                loads: number;
                                loadErrors: number;
                                /** @description Callers that got the outcome of a load already under way */
                                joins: number;
                                /** @description Fills overtaken by an invalidate */
                                refusedFills: number;
                                refreshes: number;
                                staleServed: number;
                                oversize: number;
                                deferredInvalidations: number;
                                hitRatio: number | null;
                                l1HitRatio: number | null;
                                l2HitRatio: number | null;
                            };
                        };
                        l1: {
                            bytes: number;
                            maxBytes: number;
                            entries: number;
                            evictions: number;
                            /** @enum {string} */
                            state: "suspended" | "serving" | "alone";
                        };
                        l2: {
                            /** @enum {string} */
                            state: "away" | "recovering" | "trusted";
                            pendingInvalidations: number;
                            errors: number;
                            memory: {
                                usedBytes: number;
                                /** @description 0: no limit */
                                maxBytes: number;
                                evictedKeys: number;
                                keys: number;
                            } | null;
                        };
                        warmUp: {
                            running: boolean;
                            last: {
                                /** Format: date-time */
                                startedAt: string;
                                tookMs: number;
                                sources: {
                                    [key: string]: {
                                        /** @enum {string} */
                                        outcome: "complete" | "failed" | "aborted";
                                        loaded: number;
                                        present: number;
                                        failed: number;
                                        tookMs: number;
                                        error?: string;
                                    };
                                };
                            } | null;
                        };
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Cache.warm": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            202: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "started" | "running";
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Cache.invalidate": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Redis could not be told yet */
                        deferred: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound7"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Cache.invalidateAll": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Redis could not be told yet */
                        deferred: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound7"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "DeadLetters.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                queue?: string;
                reason?: "attempts" | "unrecoverable" | "stalled" | "timeout" | "invalid-payload";
                status?: "open" | "redriven" | "settled" | "discarded";
            };
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DeadLetterSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest4"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "DeadLetters.get": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        queue: string;
                        jobId: string;
                        messageId: string;
                        /** @enum {string} */
                        reason: "attempts" | "unrecoverable" | "stalled" | "timeout" | "invalid-payload";
                        /** @enum {string} */
                        status: "open" | "redriven" | "settled" | "discarded";
                        /** @description Of the last attempt */
                        error: string;
                        attempts: number;
                        stalls: number;
                        autoRedrives: number;
                        /** @description null: an operator has to decide */
                        autoRedriveAt: string | null;
                        enqueuedAt: string | null;
                        /** Format: date-time */
                        failedAt: string;
                        /** Format: date-time */
                        recordedAt: string;
                        resolvedBy: string | null;
                        resolvedAt: string | null;
                        payload: unknown;
                        /** @description Of each failed attempt, oldest first */
                        errors: string[];
                        /** @description Every death of the same message, oldest first */
                        history: components["schemas"]["DeadLetterSummary"][];
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound8"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "DeadLetters.redriveAll": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    queue?: string;
                    /** @enum {string} */
                    reason?: "attempts" | "unrecoverable" | "stalled" | "timeout" | "invalid-payload";
                    /** Format: date-time */
                    recordedBefore?: string;
                    /** @constant */
                    all?: true;
                    /** @default false */
                    dryRun?: boolean;
                    ratePerSecond?: number;
                    limit?: number;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        dryRun: true;
                        matching: number;
                        sample: components["schemas"]["DeadLetterSummary"][];
                    } | {
                        /** @constant */
                        dryRun: false;
                        redriven: number;
                        settled: number;
                        refused: number;
                        refusals: {
                            id: string;
                            code: string;
                            detail: string;
                        }[];
                        /** @description Open letters that match and have not been looked at */
                        left: number;
                        lastDueAt: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "DeadLetters.redrive": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        queue: string;
                        jobId: string;
                        messageId: string;
                        /** @enum {string} */
                        reason: "attempts" | "unrecoverable" | "stalled" | "timeout" | "invalid-payload";
                        /** @enum {string} */
                        status: "open" | "redriven" | "settled" | "discarded";
                        /** @description Of the last attempt */
                        error: string;
                        attempts: number;
                        stalls: number;
                        autoRedrives: number;
                        /** @description null: an operator has to decide */
                        autoRedriveAt: string | null;
                        enqueuedAt: string | null;
                        /** Format: date-time */
                        failedAt: string;
                        /** Format: date-time */
                        recordedAt: string;
                        resolvedBy: string | null;
                        resolvedAt: string | null;
                        payload: unknown;
                        /** @description Of each failed attempt, oldest first */
                        errors: string[];
                        /** @description Every death of the same message, oldest first */
                        history: components["schemas"]["DeadLetterSummary"][];
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound8"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict8"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            422: components["responses"]["UnprocessableEntity5"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "DeadLetters.discard": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        queue: string;
                        jobId: string;
                        messageId: string;
                        /** @enum {string} */
                        reason: "attempts" | "unrecoverable" | "stalled" | "timeout" | "invalid-payload";
                        /** @enum {string} */
                        status: "open" | "redriven" | "settled" | "discarded";
                        /** @description Of the last attempt */
                        error: string;
                        attempts: number;
                        stalls: number;
                        autoRedrives: number;
                        /** @description null: an operator has to decide */
                        autoRedriveAt: string | null;
                        enqueuedAt: string | null;
                        /** Format: date-time */
                        failedAt: string;
                        /** Format: date-time */
                        recordedAt: string;
                        resolvedBy: string | null;
                        resolvedAt: string | null;
                        payload: unknown;
                        /** @description Of each failed attempt, oldest first */
                        errors: string[];
                        /** @description Every death of the same message, oldest first */
                        history: components["schemas"]["DeadLetterSummary"][];
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound8"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict8"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Queues.list": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Queue"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable4"];
        };
    };
    "Queues.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        paused: boolean;
                        /** @description False when it was so already */
                        changed: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound9"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable4"];
        };
    };
    "Queues.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        paused: boolean;
                        /** @description False when it was so already */
                        changed: boolean;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound9"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable4"];
        };
    };
    "Queues.runNow": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            202: {
                headers: {
                    "X-Consistency-Token": components["headers"]["X-Consistency-Token"];
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        /** @description Of the run, in the logs of the workers */
                        messageId: string;
                    };
                };
            };
            400: components["responses"]["BadRequest3"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound9"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict9"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable4"];
        };
    };
    "Funnel.hours": {
        parameters: {
            query?: {
                from?: string;
                to?: string;
            };
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /**
                             * Format: date-time
                             * @description When it begins
                             */
                            hour: string;
                            placed: number;
                            confirmed: number;
                            rejected: number;
                            cancelled: number;
                        }[];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest2"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "Audit.list": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
                actor?: string;
                action?: string;
                from?: string;
                to?: string;
            };
            header?: {
                /** @description Of an earlier answer: what is read here is at least as new. One that is not valid is ignored */
                "X-Consistency-Token"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["X-Request-Id"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["OperatorAction"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest4"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["RequestTimeout"];
            415: components["responses"]["UnsupportedMediaType"];
            417: components["responses"]["ExpectationFailed"];
            421: components["responses"]["MisdirectedRequest"];
            429: components["responses"]["TooManyRequests2"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
