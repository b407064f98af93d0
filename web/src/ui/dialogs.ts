import './agent_dialog';
import './device_check';
import './invite';
import './shortcuts';
