//! From the proxy's snapshot to the ledger's reading.

use ledger::{
    AGES, AccountReading, Ages, Asked, Counts, Histogram, ProgramCounts, ProgramReading,
    ProviderReading, ProviderState, Reading,
};
use nntp_proxy::backend::{BackendSnapshot, CounterSnapshot, Retry, State};
use nntp_proxy::proxy::{AccountSnapshot, ProgramSnapshot, Snapshot};

pub(crate) fn reading(snapshot: &Snapshot) -> Reading {
    Reading {
        providers: snapshot.backends.iter().map(provider).collect(),
        accounts: snapshot.accounts.iter().map(account).collect(),
        programs: snapshot.programs.iter().map(program).collect(),
    }
}

fn provider(backend: &BackendSnapshot) -> ProviderReading {
    let counters = &backend.counters;
    ProviderReading {
        id: backend.id.clone(),
        name: backend.name.clone(),
        account: backend.account.clone(),
        state: match backend.state {
            State::Untried => ProviderState::Idle,
            State::Up => ProviderState::Up,
            State::Down | State::Full | State::LoginRefused
                if matches!(backend.retry, Some(Retry::In(_) | Retry::UnderWay))
                    || backend.load > 0 =>
            {
                ProviderState::Down
            }
            // Nobody has asked since it failed.
            State::Down | State::Full | State::LoginRefused => ProviderState::Idle,
        },
        counts: Counts {
            received: counters.received,
            sent: counters.sent,
            articles: counters.articles,
            missing: counters.articles_missing,
            refused: counters.refused,
            failed: counters.failures,
            resumed: counters.resumed,
            rescued: counters.rescued,
            sibling_checked: counters.siblings_checked,
            sibling_differed: counters.siblings_differed,
        },
        first_byte: Histogram(counters.first_byte),
        ages: ages(counters),
    }
}

fn ages(counters: &CounterSnapshot) -> Ages {
    let asked = |estimated: usize| -> [Asked; AGES] {
        std::array::from_fn(|age| Asked {
            delivered: counters.delivered_by_age[estimated][age],
            missing: counters.missing_by_age[estimated][age],
        })
    };
    Ages { exact: asked(0), estimated: asked(1) }
}

fn account(account: &AccountSnapshot) -> AccountReading {
    AccountReading { id: account.id.clone(), bytes: account.bytes }
}

fn program(program: &ProgramSnapshot) -> ProgramReading {
    let counts = program.counts;
    let counts = ProgramCounts {
        bytes: counts.bytes,
        articles: counts.articles,
        missing: counts.missing,
        failed: counts.failed,
    };
    ProgramReading { name: program.name.clone(), counts }
}

#[cfg(test)]
mod tests {
    use ledger::AgeRange;
    use nntp_proxy::backend::{AGE_ENDS, FIRST_BYTE_ENDS};

    use super::*;

    #[test]
    fn proxy_and_ledger_count_in_the_same_intervals() {
        assert_eq!(Histogram::BOUNDS_MICROS, FIRST_BYTE_ENDS);
        let ends = (0..AGES).map(|age| AgeRange::of(age).to_days.map(u64::from));
        assert_eq!(
            ends.collect::<Vec<_>>(),
            AGE_ENDS.map(Some).into_iter().chain([None]).collect::<Vec<_>>()
        );
    }
}
